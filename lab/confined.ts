/**
 * With KUBESPAN_TEST_CONFINED set, daemons run as packaging/files/usr/lib/systemd/system/kubespan.service has them: as a user of their own,
 * who has no capability but one, and can never get another. Whoever makes the folders there is systemd; here it is a shell.
 */
const uid = "64551";
const capabilities = "-all,+net_admin";

/** Makes what the unit asks systemd for, or a package brings, and then becomes the user and the program. */
const script = `
set -e
chown ${uid}:${uid} "$1"
if ! [ -e /run/tun ]; then
  for folder in /run/state /run/kubespan /run/wireguard; do
    mkdir -p -m 700 "$folder"
    chown -R ${uid}:${uid} "$folder"
  done
  mknod -m 666 /run/tun c 10 200
  mount --bind /run/tun /dev/net/tun
fi
shift
exec setpriv --reuid=${uid} --regid=${uid} --clear-groups --no-new-privs \\
  --inh-caps=${capabilities} --ambient-caps=${capabilities} --bounding-set=${capabilities} "$@"
`;

/** The command line that runs a daemon with this configuration. */
export const confined = (configFile: string, argv: readonly string[]): readonly string[] =>
  process.env["KUBESPAN_TEST_CONFINED"] === undefined
    ? argv
    : ["sh", "-c", script, "confined", configFile, ...argv];
