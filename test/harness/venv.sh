# Virtual environments for tests: made once from a list of requirements, kept under build/.
# Sourced after common.sh.

# Debian's python is open to every user, which one in somebody's home is not.
venv_base_python() {
	local python
	for python in /usr/bin/python3 python3; do
		(cd / && as_server "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))') 2>/dev/null || continue
		echo "$python"
		return
	done
	return 1
}

# venv_place NAME: below the clone when the server's user gets there, in a place of its own otherwise; build/NAME.dir says where.
venv_place() {
	local place note=$ROOT/build/$1.dir
	place=$(cat "$note" 2>/dev/null || true)
	if [ -z "$place" ] || ! (cd / && as_server test -r "$place"); then
		place=$ROOT/build/$1
		mkdir -p "$place"
		if ! (cd / && as_server test -r "$place"); then
			rmdir "$place"
			place=$(TMPDIR=/var/tmp make_work "$1")
		fi
		echo "$place" >"$note"
	fi
	echo "$place"
}

# venv_install PYTHON PLACE REQUIREMENTS SECONDS [PIP-OPTION...]: false when it cannot be had in that time.
venv_install() {
	local python=$1 place=$2 requirements=$3 seconds=$4 wanted log
	wanted=$({ "$python" --version; cat "$requirements"; } | cksum)
	[ "$(cat "$place/complete" 2>/dev/null)" != "$wanted" ] || return 0
	step "Making the virtual environment of $requirements in $place"
	log=$place/install.log
	rm -rf "$place/venv" "$place/complete"
	"$python" -m venv "$place/venv" >"$log" 2>&1 &&
		timeout "$seconds" "$place/venv/bin/python" -m pip install -q --disable-pip-version-check --retries 1 \
			"${@:5}" -r "$requirements" >>"$log" 2>&1 &&
		echo "$wanted" >"$place/complete" && return
	note "pip could not install it; see $log"
	return 1
}
