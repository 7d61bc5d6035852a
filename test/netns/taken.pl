# A program without privileges at a UDP port that was the mesh's:
#   taken.pl say SOURCE PORT TARGET TO HEX     sends these bytes from the port
#   taken.pl hold PORT                         has the port, in both families, and answers nothing
#   taken.pl confirm SOURCE PORT               sends back, as a receipt, the proof of each message that comes, and prints the message
# Perl, because Debian and Ubuntu have it.
use strict;
use warnings;
use Socket qw(:all);

sub address {
  my ($host, $port) = @_;
  return $host =~ /:/ ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $host)) : pack_sockaddr_in($port, inet_aton($host));
}

sub bound {
  my ($host, $port) = @_;
  my $family = $host =~ /:/ ? AF_INET6 : AF_INET;
  socket(my $socket, $family, SOCK_DGRAM, 0) or die "socket: $!\n";
  setsockopt($socket, 41, 26, pack('i', 1)) if $host =~ /:/; # IPV6_V6ONLY
  bind($socket, address($host, $port)) or die "bind $host $port: $!\n";
  return $socket;
}

my ($verb, @rest) = @ARGV;
$| = 1;
if ($verb eq 'say') {
  my ($source, $port, $target, $to, $hex) = @rest;
  my $socket = bound($source, $port);
  send($socket, pack('H*', $hex), 0, address($target, $to)); # the kernel may refuse it, which is as good
} elsif ($verb eq 'hold') {
  my @sockets = map { bound($_, $rest[0]) } ('0.0.0.0', '::');
  print "at the port\n";
  sleep;
} elsif ($verb eq 'confirm') {
  my $socket = bound(@rest);
  print "at the port\n";
  while (defined(my $from = recv($socket, my $message, 2048, 0))) {
    print "$message\n";
    send($socket, qq({"receipt":"$1"}), 0, $from) if $message =~ /"proof":"([^"]+)"/;
  }
} else {
  die "taken.pl: $verb?\n";
}
