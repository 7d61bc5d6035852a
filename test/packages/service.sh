# Runs in a Debian with systemd, as root: installs the package, makes a mesh with a second node in a namespace, upgrades
# under a stream of pings, and removes everything. Prints one line for each thing that is seen: a name, a colon, a value.
# Arguments: the first package, the second one.
set -eu
said() { echo "$1: $2"; }
step() { echo "$1: at $(cut -d. -f1 /proc/uptime) s" >&2; }
until_true() { # what command... : a condition, waited for
  what=$1 && shift
  for _ in $(seq 600); do "$@" >/dev/null 2>&1 && return 0 || sleep 1; done
  echo "never: $what"
  exit 1
}
told() { journalctl -b --no-pager -u kubespan -u kubespan-discovery -u other | tail -n 60; }
trap '[ $? = 0 ] || told' EXIT
kubespan_status() { kubespan status -o json; }
# What systemd is told, which takes no program of ours to ask, each of which starts for seconds in an emulated machine.
up() { systemctl show -p StatusText --value kubespan | grep -q "1 of 1 peers up"; }

# An emulated machine beside others may be slow, which is nothing that these services are tested for.
mkdir -p /etc/systemd/system/service.d
printf '[Service]\nTimeoutStartSec=1200\nTimeoutStopSec=600\n' >/etc/systemd/system/service.d/patience.conf
mkdir -p /etc/systemd/system/machine.service.d # this script is a service, too, and takes as long as it takes
printf '[Service]\nTimeoutStartSec=infinity\n' >/etc/systemd/system/machine.service.d/patience.conf
systemctl daemon-reload

dpkg --install "$1" >/dev/null
said version "$(kubespan --version)"

# h ── wire ── other: this machine and a node in a namespace of its own.
ip netns add other
ip link add wire type veth peer name wire netns other
ip address add 203.0.113.1/24 dev wire
ip link set wire up
ip -n other address add 203.0.113.2/24 dev wire
ip -n other link set wire up
ip -n other link set lo up

# As it is shipped, it lacks a certificate: it says so, and is not started again and again.
systemctl start kubespan-discovery 2>/dev/null || true
said unconfigured "$(systemctl show -p ExecMainStatus --value kubespan-discovery) $(systemctl show -p NRestarts --value kubespan-discovery)"
systemctl reset-failed kubespan-discovery
echo 'KUBESPAN_DISCOVERY_OPTIONS="--listen 203.0.113.1:3000 --insecure"' >/etc/default/kubespan-discovery
systemctl start kubespan-discovery
said discovery "$(systemctl show -p StatusText --value kubespan-discovery)"

config=/etc/kubespan/config.yaml
kubespan gen config --service http://203.0.113.1:3000/ -o $config >/dev/null
sed 's#/var/lib/kubespan#/var/lib/other#; s#/run/kubespan#/run/other#' $config >/root/other.yaml
chmod 600 /root/other.yaml
mkdir -m 700 /var/lib/other
systemd-run --unit=other -p NetworkNamespacePath=/run/netns/other /usr/bin/kubespan run --config /root/other.yaml 2>/dev/null

systemctl enable --now kubespan-barrier kubespan 2>/dev/null
until_true "the other node is up" up
said status "$(systemctl show -p StatusText --value kubespan)"
said implementation "$(kubespan_status | sed -n 's/.*"implementation": *"\([a-z]*\)".*/\1/p' | head -n 1)"
pid=$(systemctl show -p MainPID --value kubespan)
said user "$(stat -c %U /proc/"$pid")"
said capabilities "$(sed -n 's/^CapEff:\t//p' /proc/"$pid"/status)"
said filter "$(sed -n 's/^Seccomp:\t//p' /proc/"$pid"/status)"
said warnings "$(journalctl -b --no-pager -u kubespan -o cat | grep -ciE 'denied|not permitted|read-only' || true)"

ping -n -i 0.1 -W 5 203.0.113.2 >/root/pings 2>&1 &
pings=$!
until_true "pings are answered" grep -q 'icmp_seq=10 ' /root/pings
steered=$(nft list table inet talos_kubespan | grep -c 203.0.113.2 || true)
said steered "$steered"
step "before the upgrade"
dpkg --install "$2" >/dev/null
step "upgraded"
until_true "the new daemon runs" sh -c '[ "$(systemctl show -p MainPID --value kubespan)" != '"$pid"' ] && systemctl is-active kubespan'
until_true "the other node is up again" up
step "the other node is up again"
systemctl reload kubespan
step "reloaded"
systemctl restart kubespan
step "restarted"
until_true "the other node is up after a restart" up
kill -INT $pings
wait $pings || true
# The last one may still be under way when the stream ends, so what counts is whether one before an answered one is missing.
said pings "$(sed -n 's/.*icmp_seq=\([0-9]*\) .*/\1/p' /root/pings | sort -n | tail -n 1) $(grep -c 'icmp_seq=[0-9]* .*time=' /root/pings)"
said upgraded "$(dpkg-query -W -f='${Version}' kubespan)"

# A daemon that hangs is started again.
pid=$(systemctl show -p MainPID --value kubespan)
mkdir -p /run/systemd/system/kubespan.service.d
printf '[Service]\nWatchdogSec=20\n' >/run/systemd/system/kubespan.service.d/short.conf
systemctl daemon-reload
systemctl restart kubespan
until_true "the daemon runs with a short watchdog" up
pid=$(systemctl show -p MainPID --value kubespan)
kill -STOP "$pid"
until_true "a daemon that hangs is started again" sh -c '[ "$(systemctl show -p MainPID --value kubespan)" != '"$pid"' ] && systemctl is-active kubespan'
said watchdog "$(systemctl show -p NRestarts --value kubespan)"
# From its next start on the daemon may hang for as long as it may elsewhere: a machine this slow stands still for seconds.
rm -r /run/systemd/system/kubespan.service.d
systemctl daemon-reload

# The barrier, as at boot: before there is a daemon or a table.
systemctl stop kubespan kubespan-barrier
nft delete table inet talos_kubespan
systemctl start kubespan-barrier
said barrier "$(nft list table inet talos_kubespan | grep -c 203.0.113.2 || true)"
systemctl start kubespan
until_true "the other node is up after the barrier" up

# A configuration that root writes anew is readable for the barrier, too.
systemctl stop kubespan kubespan-barrier
chown root:root $config
systemctl start kubespan-barrier
said readable "$(systemctl is-active kubespan-barrier)"
systemctl start kubespan
until_true "the other node is up once more" up

# Who left the mesh is not put into it again.
kubespan down >/dev/null
until_true "the daemon has ended" sh -c '[ "$(systemctl is-active kubespan)" = inactive ]'
said down "$(systemctl is-active kubespan || true) $(nft list tables | grep -c kubespan || true)"
systemctl start kubespan
until_true "the other node is up after a start" up

dpkg --remove kubespan >/dev/null
said left "$({ nft list tables; ip rule show; ip route show table 180; ip link show kubespan; } 2>/dev/null | grep -cE 'kubespan|0x40|dev kubespan' || true)"
said units "$(systemctl list-units --all --no-legend 'kubespan*' | grep -c active || true)"
dpkg --purge kubespan >/dev/null
said files "$(find /etc /usr /var/lib /run -path /var/lib/dpkg -prune -o -path /var/lib/other -prune -o -path /run/other -prune -o -name '*kubespan*' -print | tr '\n' ' ')"
