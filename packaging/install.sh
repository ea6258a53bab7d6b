#!/bin/sh
# Installs the output of ./mvnw package: DESTINATION/bin/larder, app/ (Larder's jars), lib/ (their dependencies).
# Used by the Dockerfile and by docs/how-to-deploy-on-bare-metal.md.
#
#   packaging/install.sh DESTINATION      e.g. /opt/larder
set -eu

destination=${1-}
if [ -z "$destination" ]; then
  echo "usage: packaging/install.sh DESTINATION, e.g. /opt/larder" >&2
  exit 2
fi
root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
target=$root/cli/target

jar=
for candidate in "$target"/larder-cli-*.jar; do
  case "$candidate" in
    *-sources.jar | *-javadoc.jar | *-tests.jar) continue ;;
  esac
  [ -f "$candidate" ] || continue
  if [ -n "$jar" ]; then
    echo "install: $jar and $candidate: two versions are built; run ./mvnw -DskipTests clean package" >&2
    exit 1
  fi
  jar=$candidate
done
if [ -z "$jar" ] || [ ! -d "$target/lib" ]; then
  echo "install: nothing is built in $target; run ./mvnw -DskipTests package first" >&2
  exit 1
fi

mkdir -p "$destination/bin"
# Whole folders are replaced: a jar left over from another version would be on the class path.
rm -rf "$destination/app" "$destination/lib"
mkdir "$destination/app" "$destination/lib"
cp "$jar" "$destination/app/"
for library in "$target"/lib/*.jar; do
  case "$library" in
    */larder-*.jar) cp "$library" "$destination/app/" ;;
    *) cp "$library" "$destination/lib/" ;;
  esac
done
cp "$root/packaging/bin/larder" "$destination/bin/larder"
chmod 755 "$destination/bin/larder"
cp "$root/LICENSE" "$root/NOTICE" "$destination/"
