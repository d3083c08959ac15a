#!/bin/sh
# Runs redis-server with these arguments, and writes its log as lines of JSON, as all logs are.
set -eu

# `1:M 24 Nov 2026 19:14:20.699 # Text`, where the mark before the text is the level. What it says before it
# has a log, as of wrong arguments, is text alone.
as_json() {
  sed -E \
    -e '/^$/ d' \
    -e 's/[[:cntrl:]]/ /g; s/\\/\\\\/g; s/"/\\"/g' \
    -e 's/^([0-9]+:[XCSM] [0-9]+) Jan /\1 01 /; s/^([0-9]+:[XCSM] [0-9]+) Feb /\1 02 /' \
    -e 's/^([0-9]+:[XCSM] [0-9]+) Mar /\1 03 /; s/^([0-9]+:[XCSM] [0-9]+) Apr /\1 04 /' \
    -e 's/^([0-9]+:[XCSM] [0-9]+) May /\1 05 /; s/^([0-9]+:[XCSM] [0-9]+) Jun /\1 06 /' \
    -e 's/^([0-9]+:[XCSM] [0-9]+) Jul /\1 07 /; s/^([0-9]+:[XCSM] [0-9]+) Aug /\1 08 /' \
    -e 's/^([0-9]+:[XCSM] [0-9]+) Sep /\1 09 /; s/^([0-9]+:[XCSM] [0-9]+) Oct /\1 10 /' \
    -e 's/^([0-9]+:[XCSM] [0-9]+) Nov /\1 11 /; s/^([0-9]+:[XCSM] [0-9]+) Dec /\1 12 /' \
    -e 's/^([0-9]+:[XCSM] [0-9 :.]+) [.-] /\1 debug /' \
    -e 's/^([0-9]+:[XCSM] [0-9 :.]+) [*] /\1 info /' \
    -e 's/^([0-9]+:[XCSM] [0-9 :.]+) # /\1 warn /' \
    -e 's/^[0-9]+:[XCSM] ([0-9]+) ([0-9]+) ([0-9]+) ([0-9:.]+) (debug|info|warn) (.*)$/{"level":"\5","service":"redis","time":"\3-\2-\1T\4Z","msg":"\6"}/' \
    -e '/^\{"level/! s/.*/{"level":"info","service":"redis","msg":"&"}/'
}

pipe=/tmp/log
rm -f "$pipe"
mkfifo "$pipe"
# Line by line: not every sed can be told to hold none back.
while IFS= read -r line; do printf '%s\n' "$line" | as_json; done <"$pipe" >&2 &
writer=$!
redis-server "$@" >"$pipe" 2>&1 &
server=$!
trap 'kill -TERM "$server"' TERM INT

status=0
wait "$server" || status=$?
# A signal ends the wait, and not the server.
while kill -0 "$server" 2>/dev/null; do
  status=0
  wait "$server" || status=$?
done
wait "$writer"
exit "$status"
