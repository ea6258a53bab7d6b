# The reader's terminal, as documentation's commands find it: a checkout to stand in, `larder` on the PATH, a home.
#
#   terminal.sh CHECKOUT SCRATCH isolated|shared      SCRATCH is a folder within CHECKOUT
#
# Takes one order a line from standard input and answers each with one line:
#
#   run SCRIPT     runs a script and answers its exit code; what it prints goes to SCRIPT.out and SCRIPT.err
#   start SCRIPT   starts it in the background and answers its process group
#   alive GROUP    answers yes or no
#   stop GROUP     does what Ctrl-C does, waits for the end and answers "stopped"
#
# isolated: this process has network and mounts of its own, so that no port and no folder of the text is taken.
set -u -m
checkout=$1 scratch=$2 isolation=$3

mkdir -p "$scratch/home" "$scratch/bin" "$scratch/tmp" "$scratch/checkout"
ln -s "$checkout/larder" "$scratch/bin/larder"
for entry in "$checkout"/*; do
  ln -s "$entry" "$scratch/checkout/"
done

if [ "$isolation" = isolated ]; then
  ip link set lo up || exit 1
  case $checkout in
    /tmp/*)
      mkdir -p "$scratch/tmp/${checkout#/tmp/}"
      mount --bind "$checkout" "$scratch/tmp/${checkout#/tmp/}" || exit 1
      ;;
  esac
  mount --rbind "$scratch/tmp" /tmp || exit 1
fi

cd "$scratch/checkout" || exit 1
export HOME=$scratch/home PATH=$scratch/bin:$PATH LARDER_NO_BUILD=1
groups=()

interrupt() {
  kill -INT -- "-$1" 2>/dev/null
  wait "$1"
}
trap 'for group in ${groups[@]+"${groups[@]}"}; do kill -KILL -- "-$group" 2>/dev/null; done' EXIT

echo ready
while read -r order argument; do
  case $order in
    run)
      bash -e -o pipefail "$argument" >"$argument.out" 2>"$argument.err" </dev/null
      echo $?
      ;;
    start)
      bash -e "$argument" >"$argument.out" 2>"$argument.err" </dev/null &
      groups+=($!)
      echo $!
      ;;
    alive) kill -0 -- "-$argument" 2>/dev/null && echo yes || echo no ;;
    stop)
      interrupt "$argument" >/dev/null 2>&1
      echo stopped
      ;;
  esac
done
