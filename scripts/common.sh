# Shared by setup, demo and test: progress on the terminal, and how a build is made.
# Sourced with the project's folder as working folder.

# Debian's C.UTF-8 is always there; what calls us may have no locale at all.
export LC_ALL=C.UTF-8
export PYTHONUTF8=1

step() { printf '\n== %s\n' "$1"; }
note() { printf '   %s\n' "$1"; }
die() {
    printf '\n%s: %s\n' "$(basename "$0")" "$1" >&2
    exit 1
}

# logged WHAT COMMAND…: one line that grows by a dot every five seconds; the output goes
# to build/setup.log, and its end is shown when the command fails.
logged() {
    local what=$1 started=$SECONDS status=0 ticker
    shift
    printf '   %s ' "$what"
    (while sleep 5; do printf '.'; done) 9>&- &
    ticker=$!
    printf '\n$ %s\n' "$*" >>build/setup.log
    local from
    from=$(wc -l <build/setup.log)
    "$@" >>build/setup.log 2>&1 9>&- </dev/null || status=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    printf ' %d s\n' $((SECONDS - started))
    if [ "$status" != 0 ]; then
        tail -n "+$((from + 1))" build/setup.log | tail -n 40 >&2
        die "failed with exit code $status: $*
(all of it is in build/setup.log)"
    fi
}

# The same for what may fail.
tried() { (logged "$@" 2>/dev/null); }

cpus() { nproc 2>/dev/null || echo 2; }

# build_in FOLDER CONFIGURE-OPTION…: what is out of date is made anew, nothing else.
# `make` itself sees to changes of Makefile.am.
build_in() {
    local folder=$1 options
    shift
    options="$*"
    if [ ! -e configure ] || [ ! -e Makefile.in ] || [ configure.ac -nt configure ]; then
        logged "autoreconf" autoreconf -fi
    fi
    mkdir -p "$folder"
    if [ ! -e "$folder/Makefile" ] || [ configure -nt "$folder/config.status" ] ||
        [ "$options" != "$(cat "$folder/.configured-with" 2>/dev/null)" ]; then
        logged "configure $folder" env -C "$folder" ../configure --quiet "$@"
        printf '%s\n' "$options" >"$folder/.configured-with"
    fi
    logged "make $folder" make -C "$folder" -j "$(cpus)"
}
