package carrierapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/examples/flights/carrierapi"
	"github.com/fxrun/fxrun/examples/flights/delays"
)

var credentials = carrierapi.Credentials{User: "demo", Password: "open sesame"}

// client shares no connections with other clients: a test server that closes ends the idle
// connections of http.DefaultClient, whose request at that moment may fail.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// flights gives n flights of a month, whose distances count up from 0.
func flights(year int, month time.Month, n int) []delays.Flight {
	all := make([]delays.Flight, n)
	for i := range all {
		all[i] = delays.Flight{
			Date:   time.Date(year, month, 1, 0, i, 0, 0, time.UTC),
			Origin: "ORD", Destination: "JFK", Distance: i,
		}
	}
	return all
}

func serve(t *testing.T, flights []delays.Flight) string {
	t.Helper()
	server := httptest.NewServer(carrierapi.New(flights, credentials))
	t.Cleanup(server.Close)
	return server.URL
}

// call returns the status and the body of the answer.
func call(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s %s: the content type is %q", method, url, got)
	}
	return response.StatusCode, string(bytes.TrimSpace(answer))
}

func logIn(t *testing.T, url string) string {
	t.Helper()
	status, body := call(t, "POST", url+"/token", "", `{"user":"demo","password":"open sesame"}`)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || answer.Token == "" {
		t.Fatalf("logging in: %d %s: %v", status, body, err)
	}
	return answer.Token
}

func TestToken(t *testing.T) {
	t.Parallel()
	url := serve(t, nil)
	t.Run("two services have different tokens", func(t *testing.T) {
		if a, b := logIn(t, url), logIn(t, serve(t, nil)); a == b {
			t.Error("the tokens are the same")
		}
	})
	const wrong = `{"error":"the user or the password is wrong"}`
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"a wrong password is refused", `{"user":"demo","password":"x"}`, 401, wrong},
		{"a wrong user is refused", `{"user":"x","password":"open sesame"}`, 401, wrong},
		{"an empty login is refused", `{}`, 401, wrong},
		{"a body that is no JSON is refused", `demo`, 400, `{"error":"the body is not a login: want {\"user\": ..., \"password\": ...}"}`},
		{"a huge body is refused", `{"user":"` + strings.Repeat("x", 1<<20) + `"}`, 400, `{"error":"the body is not a login: want {\"user\": ..., \"password\": ...}"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, body := call(t, "POST", url+"/token", "", test.body)
			if status != test.status || body != test.want {
				t.Errorf("got %d %s", status, body)
			}
		})
	}
}

func TestNothingIsGivenWithoutTheToken(t *testing.T) {
	t.Parallel()
	url := serve(t, flights(2001, 1, 1))
	for _, path := range []string{"/months", "/flights?month=2001-01&page=1", "/flights?month=x"} {
		for _, token := range []string{"", "x", logIn(t, serve(t, nil))} {
			status, body := call(t, "GET", url+path, token, "")
			if status != http.StatusUnauthorized || body != `{"error":"the token is missing or not valid"}` {
				t.Errorf("%s with token %q: %d %s", path, token, status, body)
			}
		}
	}
}

func TestMonths(t *testing.T) {
	t.Parallel()
	t.Run("they are in order, each once", func(t *testing.T) {
		url := serve(t, append(flights(2001, 3, 2), append(flights(2000, 12, 1), flights(2001, 1, 2)...)...))
		status, body := call(t, "GET", url+"/months", logIn(t, url), "")
		if status != 200 || body != `{"months":["2000-12","2001-01","2001-03"]}` {
			t.Errorf("got %d %s", status, body)
		}
	})
	t.Run("no flights are an empty list", func(t *testing.T) {
		url := serve(t, nil)
		if _, body := call(t, "GET", url+"/months", logIn(t, url), ""); body != `{"months":[]}` {
			t.Errorf("got %s", body)
		}
	})
}

func TestFlights(t *testing.T) {
	t.Parallel()
	url := serve(t, append(flights(2001, 1, 2*carrierapi.PageSize+1), flights(2001, 2, carrierapi.PageSize)...))
	token := logIn(t, url)

	type page struct {
		Flights  []delays.Flight `json:"flights"`
		NextPage int             `json:"next_page"`
	}
	get := func(t *testing.T, query string) page {
		t.Helper()
		status, body := call(t, "GET", url+"/flights?"+query, token, "")
		var p page
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != 200 {
			t.Fatalf("%d %s: %v", status, body, err)
		}
		return p
	}
	t.Run("the pages together are the month", func(t *testing.T) {
		var got []delays.Flight
		var sizes []int
		for number := 1; number != 0; {
			p := get(t, "month=2001-01&page="+strconv.Itoa(number))
			got, sizes, number = append(got, p.Flights...), append(sizes, len(p.Flights)), p.NextPage
		}
		if diff := cmp.Diff(flights(2001, 1, 2*carrierapi.PageSize+1), got); diff != "" {
			t.Errorf("given (-), got (+):\n%s", diff)
		}
		if diff := cmp.Diff([]int{carrierapi.PageSize, carrierapi.PageSize, 1}, sizes); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a month of one full page has no second", func(t *testing.T) {
		if p := get(t, "month=2001-02"); len(p.Flights) != carrierapi.PageSize || p.NextPage != 0 {
			t.Errorf("%d flights, next page %d", len(p.Flights), p.NextPage)
		}
	})
	t.Run("a month without flights is one empty page", func(t *testing.T) {
		if _, body := call(t, "GET", url+"/flights?month=2001-09&page=1", token, ""); body != `{"flights":[],"next_page":0}` {
			t.Errorf("got %s", body)
		}
	})
	faults := []struct{ query, want string }{
		{"", `{"error":"month \"\" is not like 2001-01"}`},
		{"month=2001-13&page=1", `{"error":"month \"2001-13\" is not like 2001-01"}`},
		{"month=January&page=1", `{"error":"month \"January\" is not like 2001-01"}`},
		{"month=2001-01&page=0", `{"error":"page \"0\" is not between 1 and 3"}`},
		{"month=2001-01&page=4", `{"error":"page \"4\" is not between 1 and 3"}`},
		{"month=2001-01&page=-1", `{"error":"page \"-1\" is not between 1 and 3"}`},
		{"month=2001-01&page=x", `{"error":"page \"x\" is not between 1 and 3"}`},
		{"month=2001-01&page=99999999999999999999", `{"error":"page \"99999999999999999999\" is not between 1 and 3"}`},
	}
	for _, fault := range faults {
		t.Run("the query "+fault.query+" is refused", func(t *testing.T) {
			status, body := call(t, "GET", url+"/flights?"+fault.query, token, "")
			if status != http.StatusBadRequest || body != fault.want {
				t.Errorf("got %d %s", status, body)
			}
		})
	}
}
