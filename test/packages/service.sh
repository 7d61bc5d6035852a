# Runs in a Debian with systemd, as root: starts the service, upgrades it under a stream of pings, and removes everything.
# Arguments: the first package, the second one.
. "$(dirname "$0")/service-start.sh"
upgrade=$2

ping -n -i 0.1 -W 5 203.0.113.2 >/root/pings 2>&1 &
pings=$!
until_true "pings are answered" grep -q 'icmp_seq=10 ' /root/pings
steered=$(nft list table inet talos_kubespan | grep -c 203.0.113.2 || true)
said steered "$steered"
step "before the upgrade"
dpkg --install "$upgrade" >/dev/null
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
