/** How a coordinator and its workers know each other. */
export interface TransportSecurity {
  /** Certificates in PEM, for both ends to show; null for a plain connection. */
  readonly tls: {
    /** Of the authority that signed the peer's certificate. */
    readonly authority: Buffer;
    readonly certificate: Buffer;
    readonly key: Buffer;
  } | null;
  /** The join token, which each worker must send; null for none. */
  readonly token: string | null;
}

export const plainText: TransportSecurity = { tls: null, token: null };
