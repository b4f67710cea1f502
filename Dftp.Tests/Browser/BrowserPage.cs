using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Dftp.Tests.Browser;

/// <summary>A tab and the errors in it.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;

    public BrowserPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.PageError += (_, error) => Errors.Enqueue(error);
        page.Console += (_, message) => Console.Enqueue(message.Text);
        page.Dialog += (_, dialog) =>
        {
            Dialogs.Enqueue(dialog.Message);
            dialog.DismissAsync().ContinueWith(_ => { }, TaskScheduler.Default);
        };
        page.Request += (_, request) => Requests.Enqueue(request.Url);
    }

    public IPage Page { get; }

    /// <summary>Uncaught exceptions.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    public ConcurrentQueue<string> Console { get; } = new();

    public ConcurrentQueue<string> Dialogs { get; } = new();

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The visible rows of the list.</summary>
    public ILocator Rows => Page.Locator(".list tbody tr[data-name]");

    public ILocator Filter => Page.GetByLabel("Filter this directory");

    public async Task<string> NamesAsync() =>
        string.Join(' ', await Rows.EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.name)"));

    /// <summary>Opens a listing and waits for its table.</summary>
    public async Task ListAsync(Uri url)
    {
        await Page.GotoAsync(url.ToString());
        await Page.Locator("main").WaitForAsync();
    }

    public Task RouteAsync(string glob, int status, string contentType, string body) => Page.RouteAsync(
        glob, route => route.FulfillAsync(new() { Status = status, ContentType = contentType, Body = body }));

    public Task ShootAsync(string name) => Page.ScreenshotAsync(new() { Path = Path.Combine(Chromium.Screenshots, name + ".png") });

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.AreEqual("", string.Join('\n', Errors), "errors of scripts");
    }
}
