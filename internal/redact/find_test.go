package redact

import (
	"reflect"
	"testing"
)

func TestFindTellsWhatRedactReplaces(t *testing.T) {
	got := New(Config{}).Find("Call +45 70 10 20 30 or write to a@b.example, card 4111 1111 1111 1111, or c@d.example")
	want := []Found{{Email, "a@b.example"}, {Email, "c@d.example"}, {Card, "4111 1111 1111 1111"}, {Phone, "+45 70 10 20 30"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
