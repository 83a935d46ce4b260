#!/bin/sh
# Print the Python interpreter that suits a stack:  find_python.sh [any|classic|current]
# PYTHON=... names it; otherwise an environment that exists (VENV=...) keeps its Python, then 3.11 comes first.

case ${1:-any} in
    any) accepted="3.11 3.12 3.13" ;;
    classic) accepted="3.11" ;;
    current) accepted="3.12 3.13" ;;
    *) echo "usage: find_python.sh [any|classic|current]" >&2; exit 2 ;;
esac
found=
newline='
'

# "3.11 /path/of/the/interpreter"; one that cannot serve has its reason after the version.
probe() {
    "$1" -c '
import platform, sys
version, path = "%d.%d" % sys.version_info[:2], getattr(sys, "_base_executable", sys.executable)
try:
    import ensurepip, venv
except ImportError:
    version += "-without-venv-module"
if version == "3.11" and (sys.platform, platform.machine()) not in (
        ("linux", "x86_64"), ("darwin", "arm64"), ("darwin", "x86_64")):
    version += "-on-a-system-that-TensorFlow-Addons-has-no-wheel-for"
print(version, path)' 2>/dev/null
}

# Try NAMES, a line each, for every accepted version.  A pyenv shim may fail where the Python behind it works.
try() {
    for version in $accepted; do
        IFS=$newline
        for name in $1; do
            [ "$name" = pythonX ] && name=python$version
            shim=$([ "$name" = "python$version" ] && command -v "$name")
            for candidate in $name $(ls "${shim%/*}/../versions/$version".*/bin/python 2>/dev/null); do
                answer=$(probe "$candidate") || continue
                if [ "${answer%% *}" = "$version" ]; then
                    printf '%s\n' "${answer#* }"
                    exit 0
                fi
                case $found in *" $candidate is"*) ;; *) found="$found $candidate is ${answer%% *}," ;; esac
            done
        done
        unset IFS
    done
}

if [ -n "$PYTHON" ]; then
    try "$PYTHON"
    found=${found:- PYTHON=$PYTHON does not run,}
else
    [ -n "$VENV" ] && try "$VENV/bin/python$newline$VENV/Scripts/python.exe"
    try "pythonX${newline}python3${newline}python"
fi
found=${found:- none found,}
echo "No suitable Python:${found%,}. The course takes $(echo "$accepted" | sed 's/ / or /g') with its venv module:" \
    "install one, or name it with PYTHON=/path/to/python." >&2
exit 1
