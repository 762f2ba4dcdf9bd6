// Package sheet writes text into cells that spreadsheets read.
package sheet

import "strings"

// Text is a cell that no spreadsheet takes for a formula.
func Text(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
