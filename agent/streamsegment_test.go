package agent

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// cutInto cuts a text that arrives in pieces.
func cutInto(pieces ...string) []string {
	var s segmenter
	var cuts []int
	for _, p := range pieces {
		cuts = append(cuts, s.add(p)...)
	}
	all := strings.Join(pieces, "")
	var out []string
	from := 0
	for _, c := range append(cuts, len(all)) {
		if c > from {
			out = append(out, all[from:c])
		}
		from = c
	}
	return out
}

var segmentCases = []struct {
	name string
	want []string // the last is what is left for the end
}{
	{"sentences", []string{"You get it back within 14 days.", " Keep the receipt.", " It is needed"}},
	{"citation marks stay with their sentence", []string{"Within 14 days [1].", " Keep the receipt. [2][3]", "\nAnd the box. [1]", " Bye now"}},
	{"abbreviations, initials and decimals", []string{"See e.g. Dr. Smith or J. R. Jones at 9.30 or 1.250,50 kr. in no. 7 of it.", " Then go"}},
	{"ordinals", []string{"Am 3. Oktober ist zu.", " Am 4. auch"}},
	{"links", []string{"Read [the page. It is long](https://shop.example/a?b=c.d) first.", " Then write to help@shop.example or https://shop.example/x.html please"}},
	{"emphasis", []string{"**Note. This counts.** More.", " *It is so. Really* so.", " End of"}},
	{"code", []string{"Type `git push. Now go` there.", " Done with"}},
	{"brackets", []string{"It is closed (see below. It is short) now.", " End of"}},
	{"a sign is no emphasis", []string{"It is 5 * 3 in order_id.", " Then go"}},
	{"list items", []string{"You need:", "\n- the receipt. It is in the box [1]", "\n- the parcel,\n  with its lid", "\n\nThen write to us.", " End of"}},
	{"numbered items", []string{"1. Open the form.", "\n2. Wait. It takes 14 days.", "\n10) Done", "\n\nBye"}},
	{"table rows", []string{"| Size | Price |", "\n| --- | --- |", "\n| S | 49. It is so |", "\n| M"}},
	{"code blocks", []string{"Do this:", "\n```sh\nrun. Now it\n\n- x\n```", "\nThat is all.", " End of"}},
	{"code blocks in items", []string{"- Do this:\n  ```\n\n  x\n  ```", "\n- y"}},
	{"headings and quotations", []string{"# Refunds. All of it", "\n> You said. It is so", "\nWe say"}},
	{"paragraphs without a stop", []string{"Refunds", "\n\nWithin 14 days", "\n\nEnd"}},
	{"unclosed marks wait for the paragraph", []string{"It is (so. And so. **Really so. Yes", "\n\nThen go.", " End of"}},
	{"Japanese", []string{"十四日以内に返金します。[1]", "領収書を同封してください。", "以上で"}},
	{"Chinese quotations", []string{"他说：“可以退款。”", "请保留收据！", "好的"}},
	{"Thai", []string{"คุณจะได้รับเงินคืนภายในสิบสี่วันหลังจากที่เราได้รับสินค้าคืนจากคุณแล้วนะครับ", " กรุณาเก็บใบเสร็จไว้ด้วย"}},
	{"Arabic", []string{"متى أستعيد أموالي؟", " خلال 14 يومًا [1].", " احتفظ بالإيصال"}},
	{"Hebrew", []string{"הכסף יוחזר תוך 14 ימים.", " שמרו את הקבלה"}},
	{"turned direction", []string{"It is \u2067one. two\u2069 so.", " End of"}},
	{"Hindi", []string{"पैसे चौदह दिन में वापस मिलेंगे।", " रसीद रखें"}},
	{"nothing but white space", []string{"  \n "}},
}

func TestSegmentsAreWholeAndDoNotDependOnHowTheTextArrives(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range segmentCases {
		t.Run(c.name, func(t *testing.T) {
			all := strings.Join(c.want, "")
			if got := cutInto(all); !slices.Equal(got, c.want) {
				t.Errorf("at once:\n got %q\nwant %q", got, c.want)
			}
			if got := cutInto(strings.Split(all, "")...); !slices.Equal(got, c.want) {
				t.Errorf("by character:\n got %q\nwant %q", got, c.want)
			}
			for range 50 {
				if got := cutInto(randomPieces(rng, all)...); !slices.Equal(got, c.want) {
					t.Fatalf("in random pieces:\n got %q\nwant %q", got, c.want)
				}
			}
		})
	}
}

// randomPieces cuts anywhere between bytes, also inside characters.
func randomPieces(rng *rand.Rand, s string) []string {
	var out []string
	for s != "" {
		n := 1 + rng.IntN(min(len(s), 12))
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

func FuzzSegmentsDoNotDependOnPieces(f *testing.F) {
	for _, c := range segmentCases {
		f.Add(strings.Join(c.want, ""), uint64(7))
	}
	f.Fuzz(func(t *testing.T, s string, seed uint64) {
		want := cutInto(s)
		if strings.Join(want, "") != s {
			t.Fatalf("%q lost something of %q", want, s)
		}
		if got := cutInto(randomPieces(rand.New(rand.NewPCG(seed, 1)), s)...); !slices.Equal(got, want) {
			t.Fatalf("%q\n got %q\nwant %q", s, got, want)
		}
	})
}

func TestTextWithoutAnEndIsGivenUp(t *testing.T) {
	var s segmenter
	for range 4 * maxUncut / 8 {
		if cuts := s.add("endless "); len(cuts) > 0 {
			t.Fatalf("cut at %v", cuts)
		}
	}
	if !s.stuck {
		t.Error("still looking")
	}
}
