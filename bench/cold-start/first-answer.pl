# first-answer.pl ADDRESS - asks an IPv6 address for echoes, 100 times a second, and prints the moment of the first answer:
# nanoseconds on the monotonic clock. A way that is not there yet is no error. In Perl, because Debian and Ubuntu have it,
# and because a `ping` for each question would take the processor from what is measured.
use strict;
use warnings;
use Socket qw(AF_INET6 SOCK_RAW inet_pton pack_sockaddr_in6);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $target = pack_sockaddr_in6(0, inet_pton(AF_INET6, $ARGV[0]));
socket(my $socket, AF_INET6, SOCK_RAW, 58) or die "first-answer.pl: $!\n"; # 58: ICMPv6, whose checksum the kernel computes
setsockopt($socket, 58, 1, pack('L8', 0, 0, 0, 0, 1 << 1, 0, 0, 0) ^ ("\xff" x 32)) or die "first-answer.pl: $!\n"; # echo replies (129) only
my ($sequence, $wait) = (0, '');
while (1) {
  send($socket, pack('C C n n n', 128, 0, 0, $$ & 0xffff, $sequence++ & 0xffff), 0, $target);
  vec($wait, fileno($socket), 1) = 1;
  last if select($wait, undef, undef, 0.01);
}
printf "%d\n", clock_gettime(CLOCK_MONOTONIC) * 1e9;
