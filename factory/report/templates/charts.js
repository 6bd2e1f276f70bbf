// Unpacks Vega from this page and draws every chart; draws again when the theme changes. A link opens what it leads to.
addEventListener("hashchange", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let around = target; around; around = around.parentElement) if (around.tagName === "DETAILS") around.open = true;
  target?.scrollIntoView({ block: "nearest" });
});
(async () => {
  const text = (id) => document.getElementById(id).textContent;
  const unpacked = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const config = () => {
    const [ink, muted, line, surface] = ["ink", "muted", "line", "surface"].map(colour);
    const words = { labelColor: muted, titleColor: muted, labelFontSize: 11, titleFontSize: 11, titleFontWeight: 400 };
    return {
      background: "transparent",
      font: getComputedStyle(document.body).fontFamily,
      axis: { ...words, gridColor: line, domainColor: line, tickColor: line, labelOverlap: true },
      axisX: { tickCount: 6, labelSeparation: 6 },
      axisY: { tickCount: 5 },
      axisBand: { grid: false },
      legend: {
        ...words, orient: "top", title: null, symbolStrokeWidth: 2,
        columns: innerWidth < 560 ? 3 : 6, layout: { top: { direction: "vertical", margin: 4 } },
      },
      view: { stroke: null },
      line: { strokeWidth: 2 },
      point: { filled: true, size: 26 },
      text: { color: ink },
      mark: { color: colour("one") },
      range: {
        category: ["one", "two", "three", "four", "five", "six"].map(colour),
        ramp: [surface, colour("one")],
        heatmap: [surface, colour("one")],
      },
    };
  };
  const themed = (spec) => JSON.parse(JSON.stringify(spec).replace(/"\$(\w+)"/g, (as_it_is, name) => colour(name) ? JSON.stringify(colour(name)) : as_it_is));
  const plots = [...document.querySelectorAll(".plot")];
  const specs = JSON.parse(text("specs"));
  const draw = () => Promise.all(plots.map((place) => window.vegaEmbed(place, themed(specs[place.dataset.spec]), {
    mode: "vega-lite", renderer: "svg", actions: false, config: config(), tooltip: { theme: "custom" },
  })));
  const showNumbers = () => document.querySelectorAll("figure details").forEach((details) => { details.open = true; });
  if (!document.getElementById("vega")) return showNumbers();
  try {
    const script = document.createElement("script");
    script.textContent = "(() => {" + (await unpacked(text("vega"))) + "\n})();";
    document.head.append(script);
    await draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    document.documentElement.dataset.drawn = plots.length;
  } catch (error) {
    showNumbers();
    console.error("the charts cannot be drawn here; their numbers are shown instead:", error);
  }
})();
