using System.Diagnostics;
using Dftp.Tests.Http;
using static Microsoft.Playwright.Assertions;

namespace Dftp.Tests.Browser;

[TestClass]
public sealed class CrowdedDirectoryTests
{
    private const int Files = 100_000;

    /// <summary>Generous, because test machines are busy. The figures are written to the test's output.</summary>
    private static readonly TimeSpan UsableWithin = TimeSpan.FromSeconds(60), TypedWithin = TimeSpan.FromSeconds(1);

    [TestMethod]
    public async Task HundredThousandFiles_AreUsable()
    {
        await using var site = await HttpSite.StartAsync(new CrowdedTree(Files));
        await using var tab = await Chromium.OpenAsync();
        var started = Stopwatch.GetTimestamp();

        await tab.ListAsync(site.Url("/fs/"));
        await Expect(tab.Page.Locator("tr[data-name='file 000000']")).ToBeVisibleAsync();
        var usable = Stopwatch.GetElapsedTime(started);
        var typed = await tab.Page.EvaluateAsync<double[]>("""
            () => {
              const filter = document.querySelector('.bar input');
              return ['0', '04', '042', '0421', '04211', ''].map(text => {
                const began = performance.now();
                filter.value = text;
                filter.dispatchEvent(new Event('input'));
                document.body.getBoundingClientRect();
                return performance.now() - began;
              });
            }
            """);
        var median = TimeSpan.FromMilliseconds(typed.Order().ElementAt(typed.Length / 2));
        Console.WriteLine($"usable after {usable.TotalSeconds:0.0} s, a key takes {median.TotalMilliseconds:0} ms");

        Assert.IsTrue(usable < UsableWithin, $"{usable}");
        Assert.IsTrue(median < TypedWithin, $"{median}");
        Assert.IsTrue(await tab.Page.Locator("tr").CountAsync() < 600);
        await tab.Page.EvaluateAsync("scrollTo(0, document.body.scrollHeight)");
        await Expect(tab.Page.Locator("tr[data-name='file 099999']")).ToBeVisibleAsync();
        await Expect(tab.Page.Locator(".list")).ToHaveAttributeAsync("aria-rowcount", "100001");
        await tab.Page.ClickAsync("th.size button");
        await tab.Page.EvaluateAsync("scrollTo(0, 0)");
        await Expect(tab.Page.Locator("tr[data-name='file 099999']")).ToBeVisibleAsync();
    }
}
