#!/usr/bin/env bash
# Runs one job on Spark: ./spark-submit.sh [--profile NAME] JOB [options]
#
# In client mode the job's Python is started here and starts Spark's own bin/spark-submit beneath it (pyspark does so
# from PYSPARK_SUBMIT_ARGS): started the other way round, Spark would merge the job's stderr into its stdout, hide the
# terminal from it and leave it behind when it is interrupted. A profile with spark.submit.deployMode=cluster submits
# the job to the cluster instead.
set -euo pipefail
unset CDPATH
export PATH # bash has one even where the environment has none

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly root local=$root/.local profiles=$root/conf/profiles
readonly python=$local/venv/bin/python entry=$root/jobs/__main__.py

fail() { # exit code, message
  printf 'spark-submit.sh: %s\n' "$2" >&2
  exit "$1"
}

profile_names() {
  local names
  names=$(find "$profiles" -name '*.conf' -exec basename {} .conf \; | sort)
  echo "${names//$'\n'/ }"
}

print_help() {
  cat <<HELP
usage: ./spark-submit.sh [--profile NAME] JOB [options]
       ./spark-submit.sh JOB --help

Runs one job on Spark with the settings of conf/profiles/NAME.conf (local, unless another is named).

profiles: $(profile_names)

environment:
  LINKAGE_MASTER       the cluster's address, instead of the profile's spark.master
  LINKAGE_AUTH_SECRET  the secret that Spark's processes share (spark.authenticate.secret)
  LINKAGE_PROPERTIES   a file of further Spark settings, which win over the profile's; for what is secret, too
  LINKAGE_LOG_FILE     where Spark's own log goes, for a job without a run folder

exit codes: 0 done, 2 bad usage or configuration, 3 bad input, 4 refused by a rule, 1 anything else

HELP
  if [[ -x $python && -f $entry ]]; then
    PYTHONPATH=$root "$python" "$entry" --help
  else
    echo "The jobs are listed after: make setup"
  fi
}

setting() { # key -> its value in the composed settings or, before that, in the profile; the last one wins
  awk -v key="$1" '$1 == key { $1 = ""; sub(/^[ \t]+/, ""); value = $0 } END { print value }' "$settings"
}

quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; } # as shlex reads it

# Our packages in one archive, named by its content: made again only when a source has changed, never changed in place.
code_archive() {
  "$python" - "$root" "$local/code" <<'PYTHON'
import hashlib, io, os, sys, time, zipfile
from pathlib import Path

root, folder = map(Path, sys.argv[1:])
files = sorted(
    path
    for package in ("jobs", "linkage", "schemas")
    for path in (root / package).rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
)
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
    for path in files:
        entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), date_time=(2000, 1, 1, 0, 0, 0))
        archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
content = buffer.getvalue()
target = folder / f"linkage-{hashlib.sha256(content).hexdigest()[:12]}.zip"
folder.mkdir(exist_ok=True)
if target.exists():
    os.utime(target)
else:
    partial = target.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.rename(target)
for old in folder.glob("linkage-*"):
    if old != target and old.stat().st_mtime < time.time() - 86400:
        old.unlink(missing_ok=True)
print(target)
PYTHON
}

compose_settings() { # file to write
  local jars archives progress=false
  jars=$(printf '%s,' "$local"/jars/*.jar)
  archives=$(setting spark.archives)
  if [[ -t 2 ]]; then progress=true; fi
  {
    cat "$settings"
    echo
    if [[ -n ${LINKAGE_PROPERTIES-} ]]; then cat "$LINKAGE_PROPERTIES"; fi
    echo
    if [[ -n ${LINKAGE_MASTER-} ]]; then echo "spark.master $LINKAGE_MASTER"; fi
    if [[ -n ${LINKAGE_AUTH_SECRET-} ]]; then echo "spark.authenticate.secret $LINKAGE_AUTH_SECRET"; fi
    if [[ $archives == .local/* ]]; then echo "spark.archives $root/$archives"; fi
    echo "spark.jars ${jars%,}"
    echo "spark.ui.showConsoleProgress $progress"
    echo "spark.driver.defaultJavaOptions -Dlog4j2.configurationFile=$profiles/log4j2.properties"
  } >"$1"
}

port_is_taken() { (exec 3<>"/dev/tcp/${SPARK_LOCAL_IP:-127.0.0.1}/$1") 2>/dev/null; }

# Spark tries the ports after a taken one, so only a whole range that is taken stops a job.
require_ports() {
  local key port tries last
  tries=$(setting spark.port.maxRetries)
  for key in spark.ui.port spark.driver.port spark.blockManager.port spark.driver.blockManager.port; do
    port=$(setting "$key")
    if [[ -z $port || $port == 0 ]]; then continue; fi
    if [[ $key == spark.ui.port && $(setting spark.ui.enabled) == false ]]; then continue; fi
    last=$((port + ${tries:-16}))
    while port_is_taken "$port"; do
      port=$((port + 1))
      if ((port > last)); then
        fail 1 "port $(setting "$key") is taken, and $key has no other; free it or change $key in conf/profiles/$profile.conf"
      fi
    done
  done
}

# --- the command line ---------------------------------------------------------------------------------------------

profile=local
while (($#)); do
  case $1 in
    --help | -h) print_help; exit 0 ;;
    --profile) (($# > 1)) || fail 2 "--profile needs a name, one of: $(profile_names)"; profile=$2; shift 2 ;;
    --profile=*) profile=${1#*=}; shift ;;
    -*) fail 2 "unknown option $1 before the job; see ./spark-submit.sh --help" ;;
    *) break ;;
  esac
done
(($#)) || fail 2 "name a job; ./spark-submit.sh --help lists them"

settings=$profiles/$profile.conf
[[ $profile != */* && -f $settings ]] || fail 2 "unknown profile '$profile'; there are: $(profile_names)"
[[ -n ${LINKAGE_MASTER-}$(setting spark.master) ]] ||
  fail 2 "profile $profile names no spark.master: it is for the platform to start from; see conf/profiles/$profile.conf"
[[ -x $python && -x $local/java/bin/java && -d $local/jars ]] || fail 1 "not set up yet; run: make setup"
[[ -z ${LINKAGE_PROPERTIES-} || -r $LINKAGE_PROPERTIES ]] || fail 2 "LINKAGE_PROPERTIES: cannot read $LINKAGE_PROPERTIES"

export LC_ALL=C.UTF-8 PYTHONPATH=$root JAVA_HOME=$local/java
for argument in "$@"; do # help needs no Spark
  if [[ $argument == --help || $argument == -h ]]; then exec "$python" "$entry" "$@"; fi
done

# --- what Spark is told -------------------------------------------------------------------------------------------

umask_before=$(umask)
umask 077
composed=$(mktemp -d "${TMPDIR:-/tmp}/linkage-submit.XXXXXX")
# The settings may hold a secret: whatever becomes of the job, they go when this process ends.
(
  trap '' INT TERM HUP
  tail --pid=$$ -s 0.5 -f /dev/null
  rm -rf "$composed"
) </dev/null >/dev/null 2>&1 &
disown
compose_settings "$composed/spark.conf"
umask "$umask_before"
settings=$composed/spark.conf

master=$(setting spark.master)
# Where all is on this machine, so is the address that Spark listens on.
if [[ $master == local* || $master == spark://127.0.0.1:* ]]; then export SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}; fi
if [[ $master == spark://* && $(setting spark.authenticate) == true && -z $(setting spark.authenticate.secret) ]]; then
  fail 2 "profile $profile asks for spark.authenticate; put the cluster's secret into LINKAGE_AUTH_SECRET"
fi
require_ports
unset LINKAGE_AUTH_SECRET

# What takes longest comes last, when nothing more can be refused.
if [[ $(setting spark.archives) == "$local"/environment.tar.gz* ]]; then "$root/setup.sh" environment >&2; fi
code=$(code_archive)

SPARK_HOME=$(echo "$local"/venv/lib/python*/site-packages/pyspark)
PYSPARK_PYTHON=$(setting spark.pyspark.python)
export SPARK_HOME PYSPARK_PYTHON=${PYSPARK_PYTHON:-$python}
export LINKAGE_LOG_FILE=${LINKAGE_LOG_FILE:-$local/logs/spark.log}

if [[ $(setting spark.submit.deployMode) == cluster ]]; then
  unset PYSPARK_PYTHON # the cluster's own, from the settings
  exec "$SPARK_HOME/bin/spark-submit" --properties-file "$settings" --py-files "$code" "$entry" "$@"
fi
PYSPARK_SUBMIT_ARGS="--properties-file $(quoted "$settings") --py-files $(quoted "$code") pyspark-shell"
export PYSPARK_SUBMIT_ARGS
exec "$python" "$entry" "$@"
