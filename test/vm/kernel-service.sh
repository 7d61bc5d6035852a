# Runs in an emulated machine with systemd, as root: starts the service, and sends a few packets through its tunnel.
# Argument: the package.
. "$(dirname "$0")/service-start.sh"
said pings "$(ping -n -c 5 -W 20 203.0.113.2 | sed -n 's/.* \([0-9]*\) received.*/\1/p')"
said received "$(wg show kubespan transfer | sed -n 's/^.*\t\([1-9][0-9]*\)\t[0-9]*$/some/p')"
