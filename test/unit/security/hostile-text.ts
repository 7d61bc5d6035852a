/** What a peer, a service, a link, a table or a comment may be called by somebody who means harm. */
export const hostileTexts: readonly (readonly [name: string, text: string])[] = [
  ["double quote", 'a" ; drop "'],
  ["single quote", "a' ; reboot ; '"],
  ["backslash", "a\\nb\\"],
  ["newline", "a\nWARNING: root:b"],
  ["carriage return", "a\rb"],
  ["clear the screen", "\u001b[2J\u001b[H"],
  ["set the title", "\u001b]0;owned\u0007"],
  ["C1 control", "\u009b31mred"],
  ["right-to-left override", "evil\u202Egnp.exe"],
  ["zero width", "ad\u200bmin"],
  ["line separator", "a\u2028b"],
  ["zero byte", "a\0b"],
  ["delete", "a\u007fb"],
  ["command substitution", "$(reboot)`id`"],
  ["template", "{{.Values}}${x}%s%n"],
  ["HTML", "<script>alert(1)</script>"],
  ["path", "../../../../etc/passwd"],
  ["option", "--config=/etc/shadow"],
  ["lone surrogate", "a\ud800b"],
  ["64 KiB", "x".repeat(65_536)],
  ["64 KiB of escapes", "\u001b[31m".repeat(13_107)],
];

/** A terminal would do something else with it than show it. */
export const disturbs = (text: string): boolean => /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text);
