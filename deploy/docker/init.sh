#!/bin/sh
# Makes the credentials of an installation at its first start, and hands each service those that it needs:
#
#   /secrets/authority    everything, with the key that signs certificates; no service has it
#   /secrets/coordinator  the coordinator's certificate, the join token, the API's tokens
#   /secrets/worker       the workers' certificate and the join token
#   /secrets/monitoring   a token that may read, for Prometheus, which is of the same group
#
# What is there already stays as it is, so it may be run at every start, and goes on where it was cut off.
# COORDINATOR_HOSTS: names of the coordinator in its certificate, with spaces between.
set -eu
umask 077

authority=/secrets/authority
coordinator=/secrets/coordinator
worker=/secrets/worker
monitoring=/secrets/monitoring

# As all logs are: a line of JSON for each thing that happened.
tell() {
  time=$(date --utc +%Y-%m-%dT%H:%M:%S.%3NZ)
  printf '{"level":"%s","service":"init","time":"%s","folder":"%s","msg":"%s"}\n' "$1" "$time" "$3" "$2" >&2
}

for folder in "$authority" "$coordinator" "$worker" "$monitoring"; do
  if ! [ -w "$folder" ]; then
    tell error "user $(id -u) cannot write to the folder: give it to that user with chown" "$folder"
    exit 1
  fi
done

# Whoever sees a file sees all of it: it gets its name last.
give() {
  folder=$1
  shift
  for name in "$@"; do
    if ! cmp -s "$authority/$name" "$folder/$name"; then
      cp "$authority/$name" "$folder/.new"
      sync "$folder/.new"
      mv "$folder/.new" "$folder/$name"
    fi
  done
}

# The join token gets its name last, so where it is, the rest is.
if ! [ -e "$authority/join-token" ]; then
  set --
  for host in ${COORDINATOR_HOSTS:-coordinator}; do set -- "$@" --host "$host"; done
  locoprop certs "$authority" --force "$@" >/dev/null
  tell info credentials.made "$authority"
fi
give "$coordinator" ca.pem coordinator.pem coordinator-key.pem join-token
give "$worker" ca.pem worker.pem worker-key.pem join-token
if ! [ -e "$coordinator/api-tokens" ]; then
  LOCOPROP_API_TOKENS="$coordinator/api-tokens" locoprop token --create >/dev/null
  tell info token.made "$coordinator"
fi
# It is among the API's tokens before anybody has it; one that was cut off between the two is used again.
metrics=$(sed -n 's/^read \([^ ]*\) prometheus$/\1/p' "$coordinator/api-tokens" | head -n 1)
if [ -z "$metrics" ]; then
  metrics=lp_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
  echo "read $metrics prometheus" >>"$coordinator/api-tokens"
  tell info token.made "$monitoring"
fi
if [ "$(cat "$monitoring/metrics-token" 2>/dev/null)" != "$metrics" ]; then
  echo "$metrics" >"$monitoring/.new"
  chmod 640 "$monitoring/.new"
  mv "$monitoring/.new" "$monitoring/metrics-token"
fi
tell info credentials.ready /secrets
