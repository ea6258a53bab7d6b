#!/usr/bin/env bash
# Makes a base image from this machine's own JDK, glibc and busybox, for machines without a registry: the tests
# build Larder's image on it. Not for production: nobody patches it.
#
#   packaging/image/local-base.sh [IMAGE]      default: larder-base
#
# Needs a JDK 25 with jmods or linkable runtime, /bin/busybox that is static (Debian: busybox-static), and an engine.
set -euo pipefail

image=${1:-larder-base}
root=$(dirname -- "$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")")
engine=${LARDER_CONTAINER_ENGINE:-docker}
# shellcheck source=../../.mvn/find-jdk.sh
. "$root/.mvn/find-jdk.sh"
larder_find_jdk

busybox=$(command -v busybox || true)
if [ -z "$busybox" ] || ldd "$busybox" >/dev/null 2>&1; then
  echo "local-base: no static busybox: install it (Debian: apt-get install busybox-static)" >&2
  exit 1
fi
if ! "$engine" version >/dev/null 2>&1; then
  echo "local-base: $engine is not there or has no engine to talk to: start it (as root: dockerd)" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/root
mkdir -p "$tree"/{bin,etc,opt/java,proc,sys,dev,run,tmp,var/tmp,lib,lib64}
chmod 1777 "$tree/tmp" "$tree/var/tmp"

"$JAVA_HOME/bin/jlink" --output "$tree/opt/java/openjdk" --strip-debug --no-header-files --no-man-pages \
  --compress zip-6 --add-modules \
  java.se,jdk.unsupported,jdk.httpserver,jdk.management,jdk.management.agent,jdk.naming.dns,jdk.net,jdk.nio.mapmode,jdk.zipfs,jdk.jfr,jdk.jcmd,jdk.crypto.ec

cp "$busybox" "$tree/bin/busybox"
"$tree/bin/busybox" --list | while read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done

# Every shared library the runtime is linked to, at its path on this machine, and those that glibc loads by name.
libraries() {
  {
    find "$tree/opt/java/openjdk" -type f \( -name '*.so' -o -perm -u+x \) -exec ldd {} \; 2>/dev/null |
      sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p'
    for name in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2 libdl.so.2 libpthread.so.0 librt.so.1 libm.so.6 libgcc_s.so.1; do
      ldconfig -p | sed -n "s/^[[:space:]]*$name .*x86-64.*=> //p; s/^[[:space:]]*$name .*AArch64.*=> //p" | head -n 1
    done
  } | sort -u
}
libraries | while read -r library; do
  case "$library" in "$tree"/*) continue ;; esac
  mkdir -p "$tree$(dirname "$library")"
  cp -L "$library" "$tree$library"
done

echo 'root:x:0:0:root:/:/bin/sh' >"$tree/etc/passwd"
printf 'root:x:0:\ndisk:x:6:\n' >"$tree/etc/group"
echo 'hosts: files dns' >"$tree/etc/nsswitch.conf"

tar -C "$tree" -cf "$work/root.tar" .
cat >"$work/Dockerfile" <<'DOCKERFILE'
FROM scratch
ADD root.tar /
ENV JAVA_HOME=/opt/java/openjdk
ENV PATH=/opt/java/openjdk/bin:/bin
DOCKERFILE
rm -rf "$tree"
"$engine" build --quiet --tag "$image" "$work" >&2
echo "$image"
