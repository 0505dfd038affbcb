/** A recovery code in groups that a person can copy by hand. */
export function spaceCode(code: string): string {
  return code.replaceAll(/(.{5})(?=.)/g, '$1 ');
}
