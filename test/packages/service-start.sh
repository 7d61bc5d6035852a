# Runs in a Debian with systemd, as root: installs the package and makes a mesh with a second node in a namespace. Prints
# one line for each thing that is seen: a name, a colon, a value. Argument: the package.
set -eu
said() { echo "$1: $2"; }
step() { echo "$1: at $(cut -d. -f1 /proc/uptime) s" >&2; }
until_true() { # what command... : a condition, waited for
  what=$1 && shift
  for _ in $(seq 3000); do "$@" >/dev/null 2>&1 && return 0 || sleep 0.2; done
  echo "never: $what"
  exit 1
}
# What has failed is said last, as the beginning of a long log is what gets cut.
told() {
  journalctl -b --no-pager -u kubespan -u kubespan-barrier -u kubespan-discovery -u other | tail -n 60
  systemctl status --no-pager kubespan kubespan-barrier || true
  echo "failed: line $2 of $1: $3"
}
set -E
trap 'failed="${BASH_SOURCE[0]} $LINENO" && command=$BASH_COMMAND' ERR
trap '[ $? = 0 ] || told ${failed:-unknown unknown} "${command:-exit}" >&2' EXIT
kubespan_status() { kubespan status -o json; }
# What systemd is told, which takes no program of ours to ask, each of which starts for seconds in an emulated machine.
up() { systemctl show -p StatusText --value kubespan | grep -q "1 of 1 peers up"; }

# A machine beside others may be slow, an emulated one above all, which is nothing that these services are tested for.
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
# Where WireGuard is a program, its sockets are in a folder that the two would share.
systemd-run --unit=other -p NetworkNamespacePath=/run/netns/other -p TemporaryFileSystem=/run/wireguard:mode=0700 \
  /usr/bin/kubespan run --config /root/other.yaml 2>/dev/null

systemctl enable --now kubespan-barrier kubespan 2>/dev/null
until_true "the other node is up" up
said status "$(systemctl show -p StatusText --value kubespan)"
said implementation "$(kubespan_status | sed -n 's/.*"implementation": *"\([a-z]*\)".*/\1/p' | head -n 1)"
pid=$(systemctl show -p MainPID --value kubespan)
said user "$(stat -c %U /proc/"$pid")"
said capabilities "$(sed -n 's/^CapEff:\t//p' /proc/"$pid"/status)"
said filter "$(sed -n 's/^Seccomp:\t//p' /proc/"$pid"/status)"
said warnings "$(journalctl -b --no-pager -u kubespan -o cat | grep -ciE 'denied|not permitted|read-only' || true)"
