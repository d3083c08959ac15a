import type { DataSplit, NamedDataset } from '../../core/dataset.js';

/** A file of a public data set, as its mirrors have it with `.gz` behind the name. */
export interface PublicFile {
  readonly name: string;
  /** Size once decompressed. */
  readonly bytes: number;
  /** SHA-256 in hexadecimal of the decompressed bytes, or of the compressed file. */
  readonly sha256: { readonly content: string } | { readonly gzip: string };
}

export interface PublicSet {
  readonly name: string;
  readonly classes: number;
  /** Addresses of folders, the first to try first. */
  readonly mirrors: readonly string[];
  readonly files: Readonly<Record<DataSplit, { readonly images: PublicFile; readonly labels: PublicFile }>>;
}

const TRAIN = {
  images: { name: 'train-images-idx3-ubyte', bytes: 47_040_016 },
  labels: { name: 'train-labels-idx1-ubyte', bytes: 60_008 },
};
const TEST = {
  images: { name: 't10k-images-idx3-ubyte', bytes: 7_840_016 },
  labels: { name: 't10k-labels-idx1-ubyte', bytes: 10_008 },
};

/** MNIST (LeCun, Cortes and Burges, 1998): mirrors compress it differently, so the content counts. */
const mnist: PublicSet = {
  name: 'mnist',
  classes: 10,
  mirrors: [
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
  ],
  files: {
    train: {
      images: {
        ...TRAIN.images,
        sha256: { content: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db' },
      },
      labels: {
        ...TRAIN.labels,
        sha256: { content: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5' },
      },
    },
    test: {
      images: {
        ...TEST.images,
        sha256: { content: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7' },
      },
      labels: {
        ...TEST.labels,
        sha256: { content: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2' },
      },
    },
  },
};

/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): its authors publish the compressed files, which all
 * mirrors carry unchanged; TensorFlow Datasets, among others, publishes the SHA-256 of these.
 */
const fashionMnist: PublicSet = {
  name: 'fashion-mnist',
  classes: 10,
  mirrors: [
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  ],
  files: {
    train: {
      images: {
        ...TRAIN.images,
        sha256: { gzip: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84' },
      },
      labels: {
        ...TRAIN.labels,
        sha256: { gzip: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845' },
      },
    },
    test: {
      images: {
        ...TEST.images,
        sha256: { gzip: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073' },
      },
      labels: {
        ...TEST.labels,
        sha256: { gzip: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5' },
      },
    },
  },
};

export const publicSets: Readonly<Record<NamedDataset, PublicSet>> = { mnist, 'fashion-mnist': fashionMnist };
