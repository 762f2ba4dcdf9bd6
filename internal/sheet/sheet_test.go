package sheet

import "testing"

func TestTextIsNeverAFormula(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "chat": "chat", "1-2": "1-2", "=1+1": "'=1+1", "+45": "'+45", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "å": "å",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}
