# Says on a link that an address is here, as MetalLB's speaker does. Arguments: link, its hardware address, IPv4 address.
use strict;
use warnings;
use Socket;

my ($link, $hardware, $address) = @ARGV;
my $own = pack("H*", $hardware =~ tr/://dr);
my ($all, $here) = ("\xff" x 6, inet_aton($address));
my $frame = $all . $own . pack("nnnCCn", 0x0806, 1, 0x0800, 6, 4, 2) . $own . $here . $all . $here;
open(my $file, "<", "/sys/class/net/$link/ifindex") or die "no link $link\n";
my $index = <$file>;
socket(my $socket, 17, SOCK_RAW, unpack("S", pack("n", 0x0806))) or die "no packet socket: $!\n";
send($socket, $frame, 0, pack("SnlSCCa8", 17, 0x0806, $index, 1, 0, 6, $all)) or die "not sent: $!\n";
