// Package carrierapi plays the airline: a small HTTP service that gives its
// flights to those who log in. Package carrier is the client.
//
//	POST /token    {"user": "...", "password": "..."}   gives {"token": "..."}
//	GET  /months                                        gives {"months": ["2001-01", ...]}
//	GET  /flights?month=2001-01&page=1                  gives {"flights": [...], "next_page": 2}
//
// The last two need the header "Authorization: Bearer TOKEN". Every refusal is
// a JSON object with the field error.
package carrierapi
