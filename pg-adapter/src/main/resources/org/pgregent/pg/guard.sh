#!/bin/bash
# The guard: kills every PostgreSQL process of one data folder when the lease it may run on ends unattended.
#
# usage: guard.sh GUARD_FOLDER DATA_FOLDER SERVER_NAME
#
# It trusts little but Linux: not the agent (which may be dead, stopped or out of memory), not a disk that is full (it writes
# nothing after its start until all is dead), not a fork (all of it is done with what bash has built in). Times are those of /proc/uptime, which
# neither jumps nor stops while the machine sleeps, in milliseconds; the agent reads the same clock.
#
# Commands come through the fifo "commands", one a line, each with a number that the answer repeats:
#   deadline N D G    by D no process of the data folder lives: asked to quit at D - G, killed at D - G/2.
#                     The latest command counts, also with an earlier D (a shorter lease).
#   disarm N          no deadline any more
#   ping N
#   quit N            ends the guard and removes its fifos
# Answers go through the fifo "answers": "ok N D" or "no N D", where D is the deadline it has now, or "none".
# Past D it kills whatever server of that folder is started, until another deadline or "disarm" arrives.

LC_ALL=C
dir=$1 data=$2 name=$3
umask 077
cd / || exit 1

# Whoever ends the agent's group, session or unit with a friendly signal does not end the guard; "quit" does.
trap '' HUP INT QUIT PIPE
term=0
trap 'term=1' TERM

rm -f "$dir/commands" "$dir/answers" "$dir/pid"
mkfifo "$dir/commands" "$dir/answers" || exit 1
# Open for both directions: neither end ever waits for the other to be there.
exec 3<>"$dir/commands" 4<>"$dir/answers" || exit 1

deadline= margin=0      # D and G; no deadline: disarmed
asked=0 busy=0          # SIGQUIT was sent; the last look found something alive
scanned=0               # when all of /proc was looked at last
report=                 # what was done, for the log
declare -A prey=()      # pid -> start time, of all that is to die
declare -A parent=()    # pid -> parent, of one look

say() { printf '%s %s [%s] %s\n' "${EPOCHSECONDS}" guard "$$" "$*"; }

now() {
    local up rest
    read -r up rest </proc/uptime
    now=$(( 10#${up%.*} * 1000 + 10#${up#*.} * 10 ))
}

# Fills comm, state, ppid, start from /proc/PID/stat; fails if the process is gone or a zombie. The name may hold anything,
# so it ends at the last parenthesis.
look() {
    local line rest
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    rest=${line##*) } comm=${line#*(} comm=${comm%)*}
    local -a f=($rest)
    state=${f[0]} ppid=${f[1]} start=${f[19]}
    [[ $state != [ZXx] ]]
}

# Sends a signal to that very process: its pid may have passed to another since it was seen.
slay() {
    look "$2" && [[ $start == "${prey[$2]}" ]] && kill -"$1" "$2" 2>/dev/null
}

# By name, or by the folder that was there when the deadline was given: it may have been moved, or its parent be locked.
works_here() { [[ $1/cwd -ef $data || $1/cwd -ef /proc/$$/fd/5 ]]; }

# Holds on to the folder as it is now. Before the answer: whose disk hangs gets none, and does not lead.
hold() {
    [[ $data -ef /proc/$$/fd/5 || ! -d $data ]] || { exec 5<"$data"; } 2>/dev/null
}

# Looks at every process of this user; adds to the prey the servers that work in the data folder and all who descend from
# prey. Sets busy to whether any of the prey lives.
scan() {
    local p pid grown
    local -A seen=()
    parent=() busy=0
    for p in /proc/[0-9]*; do
        [[ -O $p ]] || continue
        pid=${p#/proc/}
        look "$pid" && [[ $pid != "$$" ]] || continue
        parent[$pid]=$ppid seen[$pid]=$start
        if [[ $comm == "$name" ]] && works_here "$p"; then prey[$pid]=$start; fi
    done
    grown=1
    while (( grown )); do
        grown=0
        for pid in "${!parent[@]}"; do
            [[ -z ${prey[$pid]} || ${prey[$pid]} != "${seen[$pid]}" ]] || continue
            ppid=${parent[$pid]}
            if [[ -n ${prey[$ppid]} && ${prey[$ppid]} == "${seen[$ppid]}" ]]; then
                prey[$pid]=${seen[$pid]} grown=1
            fi
        done
    done
    for pid in "${!prey[@]}"; do
        if [[ ${seen[$pid]} == "${prey[$pid]}" ]]; then busy=1; else unset "prey[$pid]"; fi
    done
    now; scanned=$now
}

# The cheap look in between: whom does postmaster.pid name? Single-user mode writes a minus sign.
peek() {
    local pid
    { read -r pid <"$data/postmaster.pid"; } 2>/dev/null || return 1
    pid=${pid#-}
    [[ $pid == [0-9]* ]] && look "$pid" && [[ $comm == "$name" ]]
}

ask_to_quit() {
    local pid
    scan
    for pid in "${!prey[@]}"; do
        # A postmaster is prey whose parent is none. It tells its children.
        [[ -n ${prey[${parent[$pid]}]} ]] || { slay QUIT "$pid" && report+=" quit:$pid"; }
    done
    asked=1
}

kill_all() {
    local pid
    for pid in "${!prey[@]}"; do slay KILL "$pid" && report+=" killed:$pid"; done
    scan
    for pid in "${!prey[@]}"; do slay KILL "$pid" && report+=" killed:$pid"; done
}

# One step of what the time asks for. Sets wait, in milliseconds.
act() {
    now
    if [[ -z $deadline ]]; then wait=1000; return; fi
    if (( now < deadline - margin )); then
        # Not one long sleep: timers stand still while the machine sleeps, this clock does not.
        wait=$(( deadline - margin - now )); (( wait > 250 )) && wait=250
        return
    fi
    if (( ! asked )); then ask_to_quit; fi
    now
    if (( now < deadline - margin / 2 )); then
        if (( busy )); then scan; fi
        wait=20
        return
    fi
    if (( busy || now - scanned >= 500 )) || peek; then kill_all; fi
    wait=$(( busy ? 20 : 50 ))
    # Not before all are dead: a log on a disk that hangs would hold up the killing.
    if (( ! busy )) && [[ -n $report ]]; then say "deadline $deadline:$report; none lives at $now"; report=; fi
}

answer() { printf '%s %s %s\n' "$1" "$2" "${deadline:-none}" >&4; }

rearm() { asked=0 busy=0 scanned=0 prey=(); }

obey() {
    local verb=$1 n=$2
    case $verb in
        deadline)
            if [[ $3$4 == *[!0-9]* || -z $4 ]]; then answer no "$n"; return; fi
            hold
            if [[ $3 != "$deadline" ]]; then deadline=$3; rearm; fi
            margin=$4
            answer ok "$n" ;;
        disarm) deadline=; exec 5<&-; rearm; answer ok "$n" ;;
        ping) answer ok "$n" ;;
        quit) answer ok "$n"; leave ;;
        *) answer no "$n" ;;
    esac
}

leave() {
    say "leaving"
    if [[ $dir/commands -ef /proc/$$/fd/3 ]]; then rm -f "$dir/commands" "$dir/answers" "$dir/pid"; fi
    exit 0
}

# Nobody can reach a guard whose fifo is gone; while it guards something it stays: until a minute past D, by when whoever was
# about to start a server has done so or is gone, or until the folder is gone and nothing works in what it was.
abandoned() {
    ! [[ $dir/commands -ef /proc/$$/fd/3 ]] || return 1
    [[ -n $deadline ]] || return 0
    if [[ ! -d $data ]]; then scan; (( ! busy )); return; fi
    now; (( ! busy && now > deadline + 60000 ))
}

look $$ || exit 1
printf '%s %s\n' "$$" "$start" >"$dir/pid.new" && mv -f "$dir/pid.new" "$dir/pid" || exit 1
say "guarding $data"
line= piece=
while :; do
    act
    printf -v timeout '%d.%03d' $(( wait / 1000 )) $(( wait % 1000 ))
    if IFS= read -r -t "$timeout" piece <&3; then
        line+=$piece
        obey $line
        line=
    else
        line+=$piece        # half a line at the end of the wait; the rest follows
        (( term )) && [[ -z $deadline ]] && leave
        term=0
        abandoned && leave
    fi
done
