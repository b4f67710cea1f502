using System.Collections.Concurrent;
using System.Net;
using Dftp.FileSystem;
using Dftp.Ftp;
using Dftp.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Dftp.Tests.Ftp;

/// <summary>The FTP front end on a real Kestrel on loopback, over a tree in memory. Disposal fails if an error was logged.</summary>
internal sealed class FtpHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly LogCapture _log;
    private readonly IFileTree _tree;

    private FtpHost(WebApplication app, LogCapture log, IFileTree tree, FtpConnectionHandler handler)
    {
        _app = app;
        _log = log;
        _tree = tree;
        Handler = handler;
        EndPoint = IPEndPoint.Parse(new Uri(app.Urls.Single()).Authority);
    }

    public MemoryFileTree Tree => (MemoryFileTree)_tree;

    public FtpConnectionHandler Handler { get; }

    public IPEndPoint EndPoint { get; }

    public IEnumerable<string> Warnings => _log.Lines(LogLevel.Warning);

    public static async Task<FtpHost> StartAsync(
        IFileTree? tree = null, FtpOptions? options = null, TimeProvider? time = null, IPAddress? address = null,
        bool isImplicitTls = false)
    {
        tree ??= new MemoryFileTree();
        var log = new LogCapture();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug));
        var handler = new FtpConnectionHandler(tree, options ?? new FtpOptions(), time ?? TimeProvider.System, loggers);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            kestrel => kestrel.Listen(address ?? IPAddress.Loopback, 0, listen => listen.UseFtp(handler, isImplicitTls)));
        var app = builder.Build();
        app.Run(_ => Task.CompletedTask);
        await app.StartAsync();
        return new FtpHost(app, log, tree, handler);
    }

    /// <summary>A connected client that has not read anything yet.</summary>
    public Task<RawFtpClient> ConnectAsync() => RawFtpClient.ConnectAsync(EndPoint);

    /// <summary>A client that is logged in and uses TYPE I.</summary>
    public async Task<RawFtpClient> LogInAsync()
    {
        var client = await ConnectAsync();
        await client.ReadReplyAsync();
        await client.ExpectAsync(331, "USER anonymous");
        await client.ExpectAsync(230, "PASS me@");
        await client.ExpectAsync(200, "TYPE I");
        return client;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Assert.IsFalse(_log.Lines(LogLevel.Error).Any(), string.Join('\n', _log.Lines(LogLevel.Error)));
        Assert.AreEqual(0, Handler.SessionCount, "sessions after the end of the host");
    }

    private sealed class LogCapture : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

        public IEnumerable<string> Lines(LogLevel level) => _lines.Where(line => line.Level == level).Select(line => line.Text);

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format) =>
            _lines.Enqueue((level, format(state, exception) + exception));

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
