#!/usr/bin/env bash
# Makes .local/: the Python environment, a Java for Spark, the jars of Delta. Does nothing where nothing is to be done.
# `./setup.sh environment` also packs what executors need; spark-submit.sh asks for it when a profile ships it.
#
#   PYTHON=...                a Python 3.11 to 3.13 to use instead of the first one found
#   JAVA_HOME=...             a Java 17 or 21 to prefer
#   LINKAGE_IVY_SETTINGS=...  an Ivy settings file instead of conf/jars/ivysettings.xml (a mirror, say)
#   LINKAGE_JVM_FOLDER=...    where the system keeps its Javas, if not /usr/lib/jvm
#   LINKAGE_CLUSTER_PYTHON_PREFIX=...  where executors have their Python (/usr, say), if not where this machine has it
#
# Each piece is made under another name and moved into place when it is whole, so a set-up that is interrupted leaves
# nothing that a later one would take for done.
set -euo pipefail
unset PYTHONPATH PYTHONHOME CDPATH
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH # bash has a PATH even where the environment has none

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$root"
readonly root local=$root/.local jvm_folder=${LINKAGE_JVM_FOLDER:-/usr/lib/jvm}
readonly log=$local/logs/setup.log
readonly environment_mb=3000 jars_mb=100 tasks_mb=1000 # room to make them in: what is unpacked goes again

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# --- what can go wrong outside ------------------------------------------------------------------------------------

free_mb() { df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }'; } # folder

require_room() { # folder megabytes
  local free
  free=$(free_mb "$1")
  ((free >= $2)) || fail "the disk of $1 is too full: $2 MB are needed, $free MB are free"
}

# Says in one line why a step failed, from what it left in the log; a full disk has no room for that.
fail_from_log() { # step
  if grep -qiE 'no space left on device|disk quota exceeded' "$log" || (($(free_mb "$local") < 20)); then
    fail "the disk became full during: $1; free some space and run it again"
  elif grep -qiE 'name resolution|failed to resolve|host .* not found|connection (refused|reset|timed out|broken|error)|connect timed out|read timed out|network is unreachable|no route to host|max retries|newconnectionerror|proxyerror|sslerror|certificate|could not resolve|unresolved dependency|from versions: none' "$log"; then
    fail "no network for: $1; the first set-up needs one (details: $log)"
  fi
  fail "failed: $1 (details: $log)"
}

# --- Python -------------------------------------------------------------------------------------------------------

python_version() { # command -> "3.11", or nothing if it does not run
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

find_python() { # sets $python; $python_for_venv_package when only Debian's venv package is missing
  local candidate version found=""
  python="" python_for_venv_package=""
  for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    version=$(python_version "$candidate")
    case $version in
      3.11 | 3.12 | 3.13)
        if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
          python=$candidate
          return
        fi
        : "${python_for_venv_package:=$candidate}"
        ;;
      ?*) found+="${found:+, }$candidate is $version" ;;
    esac
  done
  [[ -n $python_for_venv_package ]] && return
  fail "Python 3.11, 3.12 or 3.13 is needed${found:+ ($found)}; install one or name it: PYTHON=/path/to/python3 make setup"
}

install_venv_package() {
  local version package
  version=$(python_version "$python_for_venv_package")
  package=python$version-venv
  python=$python_for_venv_package
  can_install || fail "$python has no venv module; install it first: apt-get install $package"
  say "installing $package"
  apt-get install -y --no-install-recommends "$package" >"$log" 2>&1 ||
    { apt-get update && apt-get install -y --no-install-recommends "$package"; } >"$log" 2>&1 ||
    fail_from_log "apt-get install $package"
}

can_install() { [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; }

requirements() { # python [extra] -> the ranges that setup.cfg states for that extra, or all of them; one a line
  "$1" - "${2-}" <<'PYTHON'
import configparser, sys
setup = configparser.ConfigParser(interpolation=None)
setup.read("setup.cfg", encoding="utf-8")
extras = setup["options.extras_require"]
print(extras[sys.argv[1]] if sys.argv[1] else "\n".join([setup["options"]["install_requires"], *extras.values()]))
PYTHON
}

install() { # python, file of requirements [python whose pip to use]
  "${3:-$1}" -m pip --python "$1" install --quiet --disable-pip-version-check --no-input --retries 3 \
    --requirement "$2" --constraint constraints.txt >>"$log" 2>&1 </dev/null ||
    fail_from_log "installing Python packages"
}

# The environment is made in a folder of its own, and `venv` is a link that moves to it at the end: scripts in an
# environment hold its path, so a finished one could not be moved.
set_up_python() {
  local key made
  key=venv-$({ sed -n '/^\[options\]/,/^\[tool:/p' setup.cfg; cat constraints.txt; } | sha256sum | cut -c1-12)
  if [[ $(readlink "$local/venv" || true) == "$key".* && -x $local/venv/bin/python ]]; then
    [[ -z ${PYTHON-} || $(python_version "$PYTHON") == "$(python_version "$local/venv/bin/python")" ]] && return
  fi

  find_python
  require_room "$local" "$environment_mb"
  require_room "${TMPDIR:-/tmp}" "$environment_mb"
  [[ -n $python ]] || install_venv_package

  say "making the Python environment with $(command -v "$python") ($("$python" -V 2>&1)); about a minute"
  partial=$(mktemp -d "$local/$key.XXXXXX")
  made=$partial
  chmod 755 "$made"
  "$python" -m venv "$made" >"$log" 2>&1 || fail_from_log "python -m venv"
  requirements "$made/bin/python" >"$made/requirements.txt"
  install "$made/bin/python" "$made/requirements.txt"
  ln -sfn "$(basename "$made")" "$local/venv"
  partial=""
  find "$local" -maxdepth 1 -name 'venv-*' ! -path "$made" -exec rm -rf {} +
}

# --- Java ---------------------------------------------------------------------------------------------------------

# Spark runs on 17 and 21, and asks for the module of vector operations, which trimmed runtimes lack.
try_java() { # command; sets $java_home if it fits
  local properties version
  [[ -x $1 ]] || return 1
  properties=$("$1" --add-modules=jdk.incubator.vector -XshowSettings:properties -version 2>&1) ||
    properties=$("$1" -version 2>&1) || return 1
  version=$(sed -nE 's/.*version "(1\.)?([0-9]+).*/\2/p' <<<"$properties" | head -n 1)
  java_home=$(sed -nE 's/^ *java\.home = (.*)$/\1/p' <<<"$properties")
  case $version in
    17 | 21) [[ -n $java_home ]] && return 0 ;;
    ?*) javas_seen+="${javas_seen:+, }$1 is $version" ;;
  esac
  java_home=""
  return 1
}

find_java() {
  local candidate
  java_home="" javas_seen=""
  for candidate in "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java || true)" "$jvm_folder"/*/bin/java; do
    if [[ -n $candidate ]] && try_java "$candidate"; then return 0; fi
  done
  return 1
}

install_java() {
  local package
  local advice="Java 17 or 21 is needed${javas_seen:+ ($javas_seen)}"
  can_install || fail "$advice; install one (Debian: apt-get install openjdk-17-jre-headless) or name it with JAVA_HOME"
  apt-get update >"$log" 2>&1 || fail_from_log "apt-get update, to install Java"
  for package in openjdk-21-jre-headless openjdk-17-jre-headless; do
    apt-cache show "$package" >/dev/null 2>&1 || continue
    say "installing $package"
    apt-get install -y --no-install-recommends "$package" >>"$log" 2>&1 || fail_from_log "apt-get install $package"
    find_java || fail "$package is installed, but no Java 17 or 21 is found under $jvm_folder"
    return
  done
  fail "$advice, and this system has no package of either; install one and name it with JAVA_HOME"
}

# Spark starts the `java` that it finds here: the machine's own, less the warning about incubator modules that every
# start would print. The reader stops looking once the warning has passed: all else goes through untouched.
write_java() {
  rm -rf "$local/java.new"
  mkdir -p "$local/java.new/bin"
  cat >"$local/java.new/bin/java" <<JAVA
#!/usr/bin/env bash
# Made by setup.sh for $java_home
pass_on() {
  for _ in 1 2 3 4 5; do
    IFS= read -r line || { printf '%s' "\$line"; return; }
    [[ \$line == "WARNING: Using incubator modules: "* ]] && break
    printf '%s\n' "\$line"
  done
  exec cat
}
exec $(printf %q "$java_home/bin/java") "\$@" 2> >(pass_on >&2)
JAVA
  chmod +x "$local/java.new/bin/java"
  printf '%s\n' "$java_home" >"$local/java.new/home"
  rm -rf "$local/java"
  mv "$local/java.new" "$local/java"
}

set_up_java() {
  local present=""
  if [[ -r $local/java/home ]]; then present=$(<"$local/java/home"); fi
  if [[ -n $present && -x $present/bin/java && (-z ${JAVA_HOME-} || $JAVA_HOME -ef $present) ]]; then return; fi
  find_java || install_java
  if [[ $java_home != "$present" ]]; then write_java; fi
}

# --- jars ---------------------------------------------------------------------------------------------------------

jars_are_right() { # folder
  (cd "$1" 2>/dev/null && sha256sum --check --status --strict "$root/conf/jars/jars.sha256" 2>/dev/null)
}

set_up_jars() {
  local ivy
  if jars_are_right "$local/jars"; then return; fi
  require_room "$local" "$jars_mb"
  say "fetching the jars of Delta"
  partial=$local/jars.new
  rm -rf "$partial"
  mkdir -p "$partial"
  ivy=$(echo "$local"/venv/lib/python*/site-packages/pyspark/jars/ivy-*.jar)
  "$local/java/bin/java" "-Divy.cache.dir=$partial/cache" -cp "$ivy" org.apache.ivy.Main \
    -settings "${LINKAGE_IVY_SETTINGS:-conf/jars/ivysettings.xml}" -ivy conf/jars/ivy.xml \
    -types jar -retrieve "$partial/[artifact]-[revision].[ext]" -warn >"$log" 2>&1 || fail_from_log "fetching jars"
  rm -rf "$partial/cache"
  jars_are_right "$partial" || fail_from_log "fetching jars: they are not those of conf/jars/jars.sha256"
  rm -rf "$local/jars"
  mv "$partial" "$local/jars"
  partial=""
}

# --- what executors need ------------------------------------------------------------------------------------------

# A small environment for the tasks, packed: Spark unpacks it beside each executor. Its Python is a link to this
# machine's, so the cluster needs the same version at the same place, or under LINKAGE_CLUSTER_PYTHON_PREFIX.
set_up_task_environment() {
  local key packed=$local/environment.tar.gz
  key=$({ sed -n '/^tasks =/,/^[a-z]* =/p' setup.cfg; cat constraints.txt; readlink "$local/venv"
    echo "${LINKAGE_CLUSTER_PYTHON_PREFIX-}"; } | sha256sum)
  if [[ -f $packed && -r $packed.key && $(<"$packed.key") == "$key" ]]; then return; fi
  require_room "$local" "$tasks_mb"
  say "packing the environment for executors; half a minute, once"
  partial=$(mktemp -d "$local/tasks.XXXXXX")
  "$local/venv/bin/python" -m venv --without-pip "$partial/venv" >"$log" 2>&1 || fail_from_log "python -m venv"
  requirements "$local/venv/bin/python" tasks >"$partial/requirements.txt"
  install "$partial/venv/bin/python" "$partial/requirements.txt" "$local/venv/bin/python"
  "$local/venv/bin/venv-pack" --quiet --prefix "$partial/venv" --output "$partial/environment.tar.gz" \
    ${LINKAGE_CLUSTER_PYTHON_PREFIX:+--python-prefix "$LINKAGE_CLUSTER_PYTHON_PREFIX"} >>"$log" 2>&1 ||
    fail_from_log "packing the environment for executors"
  rm -f "$packed.key"
  mv "$partial/environment.tar.gz" "$packed"
  printf '%s\n' "$key" >"$packed.key"
  rm -rf "$partial"
  partial=""
}

# --- all of it ----------------------------------------------------------------------------------------------------

partial=""
trap '[[ -z $partial ]] || rm -rf "$partial"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$local/logs" 2>/dev/null || fail "cannot write to $root; clone the project to a folder of yours"
exec 9>"$local/lock"
if command -v flock >/dev/null; then flock 9; fi # one set-up at a time

set_up_python
set_up_java
set_up_jars
if [[ ${1-} == environment ]]; then set_up_task_environment; fi
