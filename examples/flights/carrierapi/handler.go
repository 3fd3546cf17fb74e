package carrierapi

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/examples/flights/delays"
)

// PageSize is how many flights one page of GET /flights holds; the last page
// of a month may hold fewer.
const PageSize = 500

// maxLogin is the size, in bytes, up to which a login is read.
const maxLogin = 4 << 10

// Credentials are what a client must give to get a token.
type Credentials struct {
	User, Password string
}

// service answers from what it was made with and changes nothing.
type service struct {
	credentials Credentials
	token       string
	months      []string
	flights     map[string][]delays.Flight // by month
}

// New returns the service for the given flights, in their order. Each service
// makes one random token of its own, which stays valid as long as it lives.
//
// The handler is safe for concurrent use. It keeps its own copy of flights.
func New(flights []delays.Flight, credentials Credentials) http.Handler {
	s := &service{
		credentials: credentials,
		token:       rand.Text(),
		flights:     make(map[string][]delays.Flight),
	}
	for _, f := range flights {
		s.flights[f.Month()] = append(s.flights[f.Month()], f)
	}
	s.months = slices.AppendSeq([]string{}, maps.Keys(s.flights))
	slices.Sort(s.months)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", s.serveToken)
	mux.HandleFunc("GET /months", s.authorized(s.serveMonths))
	mux.HandleFunc("GET /flights", s.authorized(s.serveFlights))
	return mux
}

func (s *service) serveToken(w http.ResponseWriter, r *http.Request) {
	var login struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxLogin)).Decode(&login); err != nil {
		refuse(w, http.StatusBadRequest, "the body is not a login: want {\"user\": ..., \"password\": ...}")
		return
	}
	// Both are compared, whatever the first comparison says, so that the time
	// taken tells nothing.
	user := same(login.User, s.credentials.User)
	password := same(login.Password, s.credentials.Password)
	if !user || !password {
		refuse(w, http.StatusUnauthorized, "the user or the password is wrong")
		return
	}
	reply(w, http.StatusOK, map[string]string{"token": s.token})
}

// authorized passes on the requests that bear the token.
func (s *service) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !same(token, s.token) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "the token is missing or not valid")
			return
		}
		next(w, r)
	}
}

func (s *service) serveMonths(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string][]string{"months": s.months})
}

func (s *service) serveFlights(w http.ResponseWriter, r *http.Request) {
	month := r.FormValue("month")
	if _, err := time.Parse(delays.MonthLayout, month); err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("month %q is not like 2001-01", month))
		return
	}
	flights := s.flights[month]
	pages := max(1, (len(flights)+PageSize-1)/PageSize)
	page, err := strconv.Atoi(cmp.Or(r.FormValue("page"), "1"))
	if err != nil || page < 1 || page > pages {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("page %q is not between 1 and %d", r.FormValue("page"), pages))
		return
	}
	next := 0
	if page < pages {
		next = page + 1
	}
	reply(w, http.StatusOK, struct {
		Flights  []delays.Flight `json:"flights"`
		NextPage int             `json:"next_page"`
	}{
		Flights:  append([]delays.Flight{}, flights[(page-1)*PageSize:min(page*PageSize, len(flights))]...),
		NextPage: next,
	})
}

// same compares in a time that doesn't depend on where, or whether, the texts
// differ in length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"error": message})
}

// reply passes over an error of the write: the client is gone.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
