package docs_test

import (
	"fmt"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
)

type ForecastConfig struct {
	Days int `default:"3" min:"1" max:"14"`
	City string
}

type Forecast string

func MakeForecast(cfg ForecastConfig) Forecast {
	return Forecast(fmt.Sprintf("%s, %d days", cfg.City, cfg.Days))
}

var forecast = assets.New("forecast", MakeForecast,
	assets.Config(ForecastConfig{City: "Bern"}, container.FromEnv("FORECAST")))

func TestForecastForAWeek(t *testing.T) {
	result := fxruntest.Materialize(t, "forecast", forecast,
		fxruntest.Config(container.RunConfig{Steps: map[string]any{"forecast": ForecastConfig{Days: 7}}}))
	if got := fxruntest.Value[Forecast](t, result); got != "Bern, 7 days" {
		t.Error(got)
	}
}
