using Dftp.Tests.Scenarios.Support;
using Microsoft.Playwright;

namespace Dftp.Tests.Browser;

/// <summary>One headless browser for all tests; each test has its own profile.</summary>
public static class Chromium
{
    private static readonly string[] Arguments =
    [
        // Tests run as root, and must connect only to their own nodes.
        "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
            "--disable-gpu",
    ];

    /// <summary>Milliseconds; test machines are busy.</summary>
    private const float Patience = 30_000;

    private static readonly SemaphoreSlim OneAtATime = new(1);
    private static IPlaywright? _playwright;
    private static IBrowser? _browser;

    /// <summary>Stored with the test results.</summary>
    public static string Screenshots { get; } =
        Directory.CreateDirectory(Path.Combine(Repository.Root, "TestResults", "screenshots")).FullName;

    /// <summary>A page with a new profile. Without chromium the calling test is inconclusive; under CI it fails.</summary>
    internal static async Task<BrowserPage> OpenAsync(BrowserNewContextOptions? options = null)
    {
        ProgramTools.Require("chromium");
        await OneAtATime.WaitAsync();
        try
        {
            Assertions.SetDefaultExpectTimeout(Patience);
            _playwright ??= await Playwright.CreateAsync();
            _browser ??= await _playwright.Chromium.LaunchAsync(
                new() { ExecutablePath = ProgramTools.PathOf("chromium"), Args = Arguments });
        }
        finally
        {
            OneAtATime.Release();
        }

        options ??= new BrowserNewContextOptions();
        options.ViewportSize ??= new ViewportSize { Width = 1440, Height = 900 };
        options.Locale = "en-GB";
        options.TimezoneId = "UTC";
        var context = await _browser.NewContextAsync(options);
        context.SetDefaultTimeout(Patience);
        return new BrowserPage(context, await context.NewPageAsync());
    }

    public static async Task CloseAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
