// Package carrierapi stands in for the airline. It is a small HTTP service that
// returns flights to clients that log in. Package carrier is the client.
//
//	POST /token    {"user": "...", "password": "..."}   gives {"token": "..."}
//	GET  /months                                        gives {"months": ["2001-01", ...]}
//	GET  /flights?month=2001-01&page=1                  gives {"flights": [...], "next_page": 2}
//
// The last two need the header "Authorization: Bearer TOKEN". Every refusal is
// a JSON object with the field error.
package carrierapi
