# shellcheck shell=bash
# A private, throw-away PostgreSQL server with crm_ext in it, for examples/demo and test/run. Source this file.
#
#   server_choose_version            sets PG_MAJOR and PG_BIN (PG_MAJOR in the environment chooses; else the newest installed)
#   server_need FILE=PACKAGE ...     installs the Debian or Ubuntu packages whose FILE (a path or a command) is missing
#   server_prepare SOURCE            the two above for what a build needs, then builds a copy of SOURCE and stages it; the copy is
#                                    CRM_EXT_SOURCE
#   server_start [SETTING=VALUE ...] starts the server; afterwards psql and friends find it through PGHOST, PGUSER, PGDATABASE
#   server_as COMMAND ...            runs a command as the server's user, in the server's folder
#   server_sql ARGUMENT ...          psql that stops at the first error
#   server_keep [DATABASE]           leaves the server up at exit and prints how to connect and how to remove it
#
# Runs as root, as a user who may sudo, or, where the packages are there, as any user. Nothing is written outside one folder
# that mktemp makes: no system folder, no system cluster, no TCP port. The folder goes at exit, whatever the reason.

server_dir=''
server_kept=''
server_runner=()
server_clean=(env -u PGDATA -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE -u PGSERVICE -u PGOPTIONS LC_ALL=C.UTF-8)

say() {
  printf '\n==> %s\n' "$*" >&2
}

die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

server_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root: $*" "Run it as root, or install sudo, or install the packages yourself and run it again."
  fi
}

server_need() {
  local pair file missing=()
  for pair in "$@"; do
    file=${pair%%=*}
    if [ ! -e "$file" ] && ! command -v "$file" >/dev/null; then
      missing+=("${pair#*=}")
    fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    die "missing here: ${missing[*]}" "Only Debian and Ubuntu are installed for you; elsewhere: make, make install, and your own server."
  say "Installing ${missing[*]}"
  server_apt update -qq
  server_apt install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

server_apt() {
  server_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

server_choose_version() {
  if [ -z "${PG_MAJOR:-}" ]; then
    PG_MAJOR=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | cut -d/ -f5 | sort -n | tail -n 1) || true
  fi
  if [ -z "$PG_MAJOR" ]; then
    command -v apt-get >/dev/null || die "no PostgreSQL under /usr/lib/postgresql, and no apt-get to install one"
    server_apt update -qq
    PG_MAJOR=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
    [ -n "$PG_MAJOR" ] || die "this system's package lists have no postgresql package"
  fi
  [ "$PG_MAJOR" -ge 15 ] || die "crm_ext needs PostgreSQL 15 or later; PostgreSQL $PG_MAJOR is what is installed" \
    "Install a later one, or name one: PG_MAJOR=17 $0"
  PG_BIN=/usr/lib/postgresql/$PG_MAJOR/bin
  export PG_MAJOR PG_BIN
}

server_as() {
  (cd "$server_dir" && "${server_runner[@]}" "${server_clean[@]}" "$@")
}

# Runs a command with its output kept in a log, which is shown only if the command fails.
server_quietly() {
  local log=$server_dir/$1.log
  shift
  "$@" >>"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    return 1
  }
}

server_make() {
  server_as make -s -C "$CRM_EXT_SOURCE" with_llvm=no "PG_CONFIG=$PG_BIN/pg_config" "$@"
}

# The folder is made in /tmp because a socket's path has at most 107 characters. Nobody but the server's user can enter it,
# so that trusting local connections trusts nobody else.
server_folder() {
  [ -z "$server_dir" ] || return 0
  server_dir=$(mktemp -d /tmp/crm_ext.XXXXXX)
  trap server_stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

server_prepare() {
  local source=$1
  server_folder
  server_choose_version
  server_need "$PG_BIN/postgres=postgresql-$PG_MAJOR" "$PG_BIN/psql=postgresql-client-$PG_MAJOR" \
    "/usr/lib/postgresql/$PG_MAJOR/lib/pgxs/src/makefiles/pgxs.mk=postgresql-server-dev-$PG_MAJOR" \
    gcc=gcc make=make /usr/include/stdio.h=libc6-dev /usr/include/nlopt.h=libnlopt-dev runuser=util-linux

  export CRM_EXT_SOURCE=$server_dir/source
  mkdir "$CRM_EXT_SOURCE"
  tar -C "$source" --exclude=./.git --exclude='*.o' --exclude='*.so' --exclude='*.bc' -cf - . | tar -C "$CRM_EXT_SOURCE" -xf -
  if [ "$(id -u)" = 0 ]; then
    server_runner=(runuser -u postgres --)
    chown -R postgres: "$server_dir"
  fi

  say "Building crm_ext for PostgreSQL $PG_MAJOR"
  server_quietly build server_make clean || die "make clean failed"
  server_quietly build server_make -j2 all || die "the build failed"
  server_quietly build server_make "DESTDIR=$server_dir/stage" install || die "the installation failed"
}

server_start() {
  local stage=$server_dir/stage setting path_settings
  server_quietly initdb server_as "$PG_BIN/initdb" -D "$server_dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync ||
    die "initdb failed"
  # PostgreSQL 18 can look for extensions in further folders; Debian's packages of earlier ones have a setting of their own.
  if server_as "$PG_BIN/postgres" -D "$server_dir/data" -C extension_control_path >/dev/null 2>&1; then
    path_settings=("extension_control_path=$stage$("$PG_BIN/pg_config" --sharedir):\$system"
      "dynamic_library_path=$stage$("$PG_BIN/pg_config" --pkglibdir):\$libdir")
  elif server_as "$PG_BIN/postgres" -D "$server_dir/data" -C extension_destdir >/dev/null 2>&1; then
    path_settings=("extension_destdir=$stage")
  else
    die "this PostgreSQL can load extensions from its own folders only" \
      "Use a Debian or Ubuntu package of PostgreSQL, or PostgreSQL 18, or install by hand: make && make install."
  fi
  for setting in "listen_addresses=" "unix_socket_directories=$server_dir" port=5432 fsync=off max_connections=50 \
    cluster_name=crm_ext timezone=UTC log_min_messages=log "${path_settings[@]}" "$@"; do
    printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}"
  done | server_as tee -a "$server_dir/data/postgresql.conf" >/dev/null
  server_quietly start server_as "$PG_BIN/pg_ctl" -D "$server_dir/data" -w -l "$server_dir/server.log" start || {
    tail -n 20 "$server_dir/server.log" >&2
    die "the server did not start"
  }
  unset PGSERVICE PGDATA PGOPTIONS
  export PGHOST=$server_dir PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PGCLIENTENCODING=UTF8
}

server_sql() {
  "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 "$@"
}

server_keep() {
  local as=''
  server_kept=yes
  [ ${#server_runner[@]} -eq 0 ] || as="${server_runner[*]} "
  cat <<END

The server stays up.
  connect:  $PG_BIN/psql -h $PGHOST -U $PGUSER ${1:-$PGDATABASE}
  remove:   (cd / && $as$PG_BIN/pg_ctl -D $server_dir/data -m fast -w stop) && rm -rf $server_dir
END
}

server_stop() {
  local status=$?
  trap - EXIT
  if [ -n "$server_dir" ] && [ -z "$server_kept" ]; then
    if [ -f "$server_dir/data/postmaster.pid" ]; then
      server_as "$PG_BIN/pg_ctl" -D "$server_dir/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$server_dir"
  fi
  exit "$status"
}
