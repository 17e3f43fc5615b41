# A private PostgreSQL cluster in a folder: no TCP port, a socket only its owner (and root) can reach.
# Used by demo, test and bench.  Sourced after common.sh; needs find_postgres.

CLUSTER_PORT=54320 # names the socket file; nothing listens on the network

# A socket path holds at most 107 bytes; below a deep folder it needs a short place of its own.
socket_dir() {
	local dir=$1 name=/.s.PGSQL.$CLUSTER_PORT
	[ $((${#dir} + ${#name})) -le 107 ] || dir=$(make_work sock)
	[ $((${#dir} + ${#name})) -le 107 ] || dir=$(TMPDIR=/tmp make_work sock)
	echo "$dir"
}

# cluster_init DIR [SETTING...]: makes DIR/data-MAJOR unless it is there and writes its settings;
# a cluster that runs stays as it is, unless the library was installed anew since it started.
cluster_init() {
	local dir=$1
	shift
	CLUSTER_DATA=$dir/data-$PG_MAJOR
	if [ ! -s "$CLUSTER_DATA/PG_VERSION" ]; then
		rm -rf "$CLUSTER_DATA"
		(cd "$dir" && quietly as_server "$PG_BIN/initdb" -D "$CLUSTER_DATA" -U postgres -A trust \
			-E UTF8 --locale=C.UTF-8 --no-sync)
	fi
	cluster_running && ! cluster_current && cluster_stop
	if cluster_running; then
		CLUSTER_SOCKET=$(sed -n 5p "$CLUSTER_DATA/postmaster.pid")
		return
	fi
	CLUSTER_SOCKET=$(socket_dir "$dir")
	{
		printf "%s\n" "listen_addresses = ''" "port = $CLUSTER_PORT" \
			"unix_socket_directories = '$CLUSTER_SOCKET'" "unix_socket_permissions = 0700" \
			"timezone = 'UTC'" "log_timezone = 'UTC'" "max_connections = 50" \
			"shared_buffers = 128MB" "max_wal_size = 2GB" "$@"
	} | as_server tee "$CLUSTER_DATA/dbinsight.conf" >/dev/null
	grep -q "dbinsight.conf" "$CLUSTER_DATA/postgresql.conf" ||
		echo "include 'dbinsight.conf'" | as_server tee -a "$CLUSTER_DATA/postgresql.conf" >/dev/null
}

cluster_ctl() { (cd "$CLUSTER_DATA" && as_server "$PG_BIN/pg_ctl" -s -D "$CLUSTER_DATA" "$@"); }

cluster_running() { cluster_ctl status >/dev/null 2>&1; }

# A server keeps the library it was started with.
cluster_current() { ! [ "$("$PG_CONFIG" --pkglibdir)/dbinsight.so" -nt "$CLUSTER_DATA/postmaster.pid" ]; }

# stdin and the log: a server that holds the caller's pipe would keep 'make test | tail' waiting.
cluster_start() {
	local log
	log=$(dirname "$CLUSTER_DATA")/server.log
	! cluster_running || return 0
	cluster_ctl -w -t 60 -l "$log" start </dev/null >/dev/null 2>&1 || {
		as_server tail -n 20 "$log" >&2 || true
		die "the server in $CLUSTER_DATA did not start"
	}
}

cluster_stop() {
	local socket
	[ -n "${CLUSTER_DATA:-}" ] && [ -d "$CLUSTER_DATA" ] && cluster_running || return 0
	socket=$(sed -n 5p "$CLUSTER_DATA/postmaster.pid")
	cluster_ctl -w -m fast stop || cluster_ctl -w -m immediate stop || true
	case $socket in */dbi-sock.*) rm -rf "$socket" ;; esac
}

cluster_psql() { "$PG_BIN/psql" -X -q -P pager=off -v ON_ERROR_STOP=1 -h "$CLUSTER_SOCKET" -p $CLUSTER_PORT -U postgres "$@"; }
