package iomanagers

// csvTexts makes the strings of one column. It remembers some short ones, since the values of many
// columns repeat themselves: these then need no memory of their own. The strings are never parts of
// a larger text, so that a string that is kept does not keep others.
type csvTexts struct {
	known       [64]string
	tried, hits int
	rest        int // how many strings are made without a look at the known ones
}

const (
	longestKnown = 32
	// After textsTried strings, the column counts as one that does not repeat itself if less than a
	// quarter of them was known. The next textsUntried strings are not looked for then.
	textsTried   = 1 << 10
	textsUntried = 1 << 14
)

func (t *csvTexts) of(text []byte) string {
	n := len(text)
	if n == 0 || n > longestKnown {
		return string(text)
	}
	if t.rest > 0 {
		t.rest--
		return string(text)
	}
	if t.tried++; t.tried == textsTried {
		if t.hits < textsTried/4 {
			t.rest = textsUntried
		}
		t.tried, t.hits = 0, 0
	}
	place := &t.known[(int(text[0])+3*int(text[n/2])+5*int(text[n-1])+7*n)%len(t.known)]
	if *place == string(text) {
		t.hits++
		return *place
	}
	*place = string(text)
	return *place
}
