# Packets with a source of one's choice, for the programs beside this one. They bear a checksum: without one the kernel
# takes what nft has changed in them for damaged, and the daemon never sees it.
use strict;
use warnings;
use Socket;

my $socket;

# Sends a payload to WireGuard's port at an address (4 bytes) as if from another one and that port; gives whether it could.
sub forge {
  my ($from, $source_port, $there, $payload) = @_;
  if (!$socket) {
    socket($socket, AF_INET, SOCK_RAW, 255) or die "raw socket: $!";
    setsockopt($socket, 0, 3, 1) or die "IP_HDRINCL: $!";
  }
  my $length = 8 + length($payload);
  my $sum = unpack("%32n*", $from . $there . pack("nnnnn", 17, $length, $source_port, 51820, $length) . ("$payload\0"));
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum > 0xffff;
  my $udp = pack("nnnn", $source_port, 51820, $length, (~$sum & 0xffff) || 0xffff) . $payload;
  my $ip = pack("CCnnnCCna4a4", 0x45, 0, 20 + $length, 0, 0, 64, 17, 0, $from, $there);
  return send($socket, $ip . $udp, 0, sockaddr_in(0, $there));
}

1;
