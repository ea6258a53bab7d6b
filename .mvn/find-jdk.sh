# Sourced by ./mvnw and ./larder: sets JAVA_HOME to a JDK 25 or newer, wherever this machine keeps one.
# Order: JAVA_HOME, LARDER_JAVA_HOME, the java on the PATH, the usual installation folders.

larder_java_major() {
  # The release file is read first: starting each candidate JVM would cost 50 ms apiece.
  if [ -r "$1/release" ]; then
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
  else
    "$1/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/.*java\.specification\.version = \([0-9]*\).*/\1/p'
  fi
}

larder_is_jdk25() {
  [ -x "$1/bin/javac" ] && [ -x "$1/bin/java" ] || return 1
  larder_major=$(larder_java_major "$1")
  [ "${larder_major:-0}" -ge 25 ]
}

larder_find_jdk() {
  larder_on_path=$(command -v javac 2>/dev/null || true)
  if [ -n "$larder_on_path" ]; then
    larder_on_path=$(dirname "$(dirname "$(readlink -f "$larder_on_path")")")
  fi
  for larder_candidate in "${LARDER_JAVA_HOME-}" "${JAVA_HOME-}" "$larder_on_path"; do
    if [ -n "$larder_candidate" ] && larder_is_jdk25 "$larder_candidate"; then
      JAVA_HOME=$larder_candidate
      export JAVA_HOME
      return 0
    fi
  done
  for larder_root in /usr/lib/jvm /opt /opt/java /usr/java /Library/Java/JavaVirtualMachines \
    "$HOME/.sdkman/candidates/java" "$HOME/.jdks"; do
    [ -d "$larder_root" ] || continue
    # find, not a glob: mvnw runs with globbing off.
    for larder_candidate in $(find "$larder_root" -mindepth 1 -maxdepth 1 | sort -r); do
      [ -d "$larder_candidate/Contents/Home" ] && larder_candidate=$larder_candidate/Contents/Home
      if larder_is_jdk25 "$larder_candidate"; then
        JAVA_HOME=$larder_candidate
        export JAVA_HOME
        return 0
      fi
    done
  done
  echo "Larder needs a JDK 25 or newer and found none: install one (for example Temurin 25) or set LARDER_JAVA_HOME to its folder." >&2
  return 1
}
