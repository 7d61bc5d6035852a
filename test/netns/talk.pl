# What hosts say to each other in tests, with the source that they choose (it has to be an address of theirs):
#   talk.pl udp SOURCE PORT TARGET FIRST LAST [SIZE [EXTENSION]]   a datagram to each port; an IPv6 destination option before it
#   talk.pl raw PROTOCOL SOURCE TARGET COUNT [HEX]                 packets of a protocol, and what is in them
#   talk.pl tcp SOURCE TARGET PORT SECONDS                         prints what the server says, or ends with 1
#   talk.pl serve PORT TEXT                                        says it to whoever connects, and from where he did
# Perl, because Debian and Ubuntu have it.
use strict;
use warnings;
use Socket qw(:all);

sub address {
  my ($host, $port) = @_;
  return $host =~ /:/ ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $host)) : pack_sockaddr_in($port, inet_aton($host));
}

sub opened {
  my ($type, $protocol, $source, $port) = @_;
  my $family = $source =~ /:/ ? AF_INET6 : AF_INET;
  socket(my $socket, $family, $type, $protocol) or die "socket: $!\n";
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1) or die "reuse: $!\n";
  setsockopt($socket, SOL_SOCKET, SO_BROADCAST, 1) or die "broadcast: $!\n";
  bind($socket, address($source, $port)) or die "bind $source: $!\n";
  return $socket;
}

my ($verb, @rest) = @ARGV;
$| = 1;

if ($verb eq 'udp') {
  my ($source, $port, $target, $first, $last, $size, $extension) = @rest;
  my $socket = opened(SOCK_DGRAM, 0, $source, $port);
  if ($extension) { # 59: IPV6_DSTOPTS; next header, length, and padding of four bytes
    setsockopt($socket, 41, 59, pack('C8', 0, 0, 1, 4, 0, 0, 0, 0)) or die "option: $!\n";
  }
  for my $to ($first .. $last) {
    # An error of ICMP for an earlier one is told at the next.
    send($socket, 'F' x ($size // 50), 0, address($target, $to)) or send($socket, 'F' x ($size // 50), 0, address($target, $to));
  }
} elsif ($verb eq 'raw') {
  my ($protocol, $source, $target, $count, $hex) = @rest;
  my $payload = defined $hex ? pack('H*', $hex) : 'R' x 50;
  my $socket = opened(SOCK_RAW, $protocol, $source, 0);
  for (1 .. $count) {
    send($socket, $payload, 0, address($target, 0)) or send($socket, $payload, 0, address($target, 0)) or die "send: $!\n";
  }
} elsif ($verb eq 'tcp') {
  my ($source, $target, $port, $seconds) = @rest;
  local $SIG{ALRM} = sub { die "timed out\n" };
  alarm($seconds);
  my $socket = opened(SOCK_STREAM, 0, $source, 0);
  connect($socket, address($target, $port)) or die "connect: $!\n";
  my $line = <$socket>;
  defined $line or die "closed\n";
  print $line;
} elsif ($verb eq 'serve') {
  my ($port, $text) = @rest;
  my $socket = opened(SOCK_STREAM, 0, '::', $port);
  listen($socket, 64) or die "listen: $!\n";
  print "listening\n";
  while (my $peer = accept(my $client, $socket)) {
    my (undef, $from) = unpack_sockaddr_in6($peer);
    syswrite($client, "$text to " . (inet_ntop(AF_INET6, $from) =~ s/^::ffff://r) . "\n");
    close($client);
  }
} else {
  die "talk.pl: $verb?\n";
}
