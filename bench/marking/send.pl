# send.pl output|forward FAMILY CHUNK MILLISECONDS FILE BYTES [LINK_INDEX MAC OWN_MAC] - sends UDP packets with that payload to the addresses in
# FILE (one a line, in turn) for that long and prints one JSON object: the nanoseconds a packet took in each chunk of
# CHUNK packets, and of single ones. "output": from a socket; "forward": whole frames from a link, for somebody else to
# forward: they take that path before send() returns, as veth hands packets over at once.
# Perl, because Debian and Ubuntu have it, and its send() costs little more than the system call.
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 SOCK_DGRAM SOCK_RAW inet_pton pack_sockaddr_in pack_sockaddr_in6);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($path, $family, $chunk, $milliseconds, $file, $bytes, $link, $mac, $own) = @ARGV;
my $v6 = $family == 6;
open(my $list, '<', $file) or die "send.pl: $file: $!\n";
chomp(my @targets = <$list>);
@targets or die "send.pl: no targets\n";

my $payload = 'x' x $bytes;
my $socket;
my (@to, @what);
if ($path eq 'output') {
  socket($socket, $v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0) or die "send.pl: $!\n";
  for (@targets) {
    push @to, $v6 ? pack_sockaddr_in6(9, inet_pton(AF_INET6, $_)) : pack_sockaddr_in(9, inet_pton(AF_INET, $_));
    push @what, $payload;
  }
} else {
  my $type = $v6 ? 0x86dd : 0x0800;
  socket($socket, 17, SOCK_RAW, 0) or die "send.pl: $!\n"; # 17: AF_PACKET
  my $address = pack('S n l S C C a8', 17, $type, $link, 0, 0, 6, pack('H*', $mac =~ tr/://dr));
  for (@targets) {
    push @to, $address;
    push @what, frame($v6, $_);
  }
}

sub frame {
  my ($is_v6, $target) = @_;
  my $ethernet = pack('H* H* n', $mac =~ tr/://dr, $own =~ tr/://dr, $is_v6 ? 0x86dd : 0x0800);
  my $udp = pack('n4', 40000, 9, 8 + length $payload, 0) . $payload;
  return $ethernet . pack('N n C C', 6 << 28, length $udp, 17, 64) . inet_pton(AF_INET6, 'fd01::2') . inet_pton(AF_INET6, $target) . udp6($target)
    if $is_v6;
  my @header = (0x4500, 20 + length $udp, 0, 0, 64 << 8 | 17, 0, unpack('n2', inet_pton(AF_INET, '198.18.0.2')), unpack('n2', inet_pton(AF_INET, $target)));
  $header[5] = checksum(@header);
  return $ethernet . pack('n10', @header) . $udp;
}

# IPv6 has no UDP without a checksum, and connection tracking looks at it.
sub udp6 {
  my ($target) = @_;
  my $length = 8 + length $payload;
  my $pseudo = inet_pton(AF_INET6, 'fd01::2') . inet_pton(AF_INET6, $target) . pack('N N', $length, 17);
  my $sum = checksum(unpack('n*', $pseudo . pack('n4', 40000, 9, $length, 0) . $payload . ("\0" x ($length % 2))));
  return pack('n4', 40000, 9, $length, $sum || 0xffff) . $payload;
}

sub checksum {
  my $sum = 0;
  $sum += $_ for @_;
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  return ~$sum & 0xffff;
}

my ($next, $sent, $failed, $count) = (0, 0, 0, scalar @to);
sub one {
  defined send($socket, $what[$next], 0, $to[$next]) ? $sent++ : $failed++;
  $next = 0 if ++$next == $count;
}

one() for 1 .. 2 * $count; # connections are known, and caches warm
my (@chunks, @single);
my $end = clock_gettime(CLOCK_MONOTONIC) + $milliseconds / 1000;
do {
  my $start = clock_gettime(CLOCK_MONOTONIC);
  one() for 1 .. $chunk;
  push @chunks, (clock_gettime(CLOCK_MONOTONIC) - $start) * 1e9 / $chunk;
} while clock_gettime(CLOCK_MONOTONIC) < $end || @chunks < 5;
for (1 .. 300) {
  my $start = clock_gettime(CLOCK_MONOTONIC);
  one();
  push @single, (clock_gettime(CLOCK_MONOTONIC) - $start) * 1e9;
}
my $numbers = sub { join ',', map { int } @_ };
printf qq({"sent":%d,"failed":%d,"chunks":[%s],"single":[%s]}\n), $sent, $failed, $numbers->(@chunks), $numbers->(@single);
