# Pins a program for traffic control that forwards IPv4 as Cilium's eBPF does: it asks the kernel for the way without a
# mark, so by the main table, and sends the packet there itself, past nftables. The argument is the path of the pin.
use strict;
use warnings;

my ($load, $pin) = (5, 6);                   # BPF_PROG_LOAD, BPF_OBJ_PIN
my $classifier = 3;                          # BPF_PROG_TYPE_SCHED_CLS
my $call = (POSIX_machine() eq "aarch64") ? 280 : 321;

sub POSIX_machine { require POSIX; return (POSIX::uname())[4]; }

# One instruction: code, destination, source, offset, number.
sub op { my ($code, $to, $from, $offset, $number) = @_; return pack("CCsl", $code, $to | $from << 4, $offset, $number); }

my ($context, $frame) = (6, 10);
my $load_address = sub {
  my ($at, $place) = @_;
  return op(0xbf, 1, $context, 0, 0) . op(0xb7, 2, 0, 0, $at) . op(0xbf, 3, $frame, 0, 0)
    . op(0x07, 3, 0, 0, $place) . op(0xb7, 4, 0, 0, 4) . op(0x85, 0, 0, 0, 26);    # skb_load_bytes
};
my $work = "";
$work .= op(0x7a, $frame, 0, -8 * $_, 0) for 1 .. 8;    # the question, 64 bytes
$work .= op(0x72, $frame, 0, -64, 2);                   # AF_INET
$work .= $load_address->(30, -32) . $load_address->(26, -48);    # destination, source
$work .= op(0x61, 2, $context, 40, 0) . op(0x63, $frame, 2, -56, 0);    # the link by which it came
$work .= op(0xbf, 1, $context, 0, 0) . op(0xbf, 2, $frame, 0, 0) . op(0x07, 2, 0, 0, -64);
$work .= op(0xb7, 3, 0, 0, 64) . op(0xb7, 4, 0, 0, 0) . op(0x85, 0, 0, 0, 69);    # fib_lookup
my $send = op(0x61, 1, $frame, -56, 0) . op(0xb7, 2, 0, 0, 0) . op(0xb7, 3, 0, 0, 0) . op(0xb7, 4, 0, 0, 0)
  . op(0x85, 0, 0, 0, 152) . op(0x95, 0, 0, 0, 0);      # redirect_neigh
my $pass = op(0xb7, 0, 0, 0, 0) . op(0x95, 0, 0, 0, 0);
my $length = length($send) / 8;
my $decide = op(0x15, 0, 0, 1, 0) . op(0x55, 0, 0, $length, 7);    # found, or found without a neighbour
my $rest = length("$work$decide$send") / 8;
my $program = op(0xbf, $context, 1, 0, 0) . op(0x61, 2, $context, 16, 0) . op(0x55, 2, 0, $rest, 8)    # IPv4 only
  . $work . $decide . $send . $pass;

my ($license, $log, $path) = ("GPL\0", "\0" x 65536, "$ARGV[0]\0");
sub pointer { return unpack("Q", pack("p", $_[0])); }
my $request = pack("LLQQLLQ", $classifier, length($program) / 8, pointer($program), pointer($license), 1, length($log), pointer($log));
$request .= "\0" x 88;
my $loaded = syscall($call, $load, $request, length($request));
die "the kernel refuses the program: $!\n$log" if $loaded < 0;
my $place = pack("QL", pointer($path), $loaded) . "\0" x 16;
die "the program cannot be pinned: $!\n" if syscall($call, $pin, $place, length($place)) < 0;
