using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Dftp.FileSystem;
using Dftp.Http;
using Dftp.Http.Transport;
using Dftp.Routes;
using Dftp.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dftp.Tests.Http;

/// <summary>The front end on a real server and an ephemeral port. A logged error fails the test at its end.</summary>
internal sealed class HttpSite : IAsyncDisposable
{
    public static readonly NodeName Node = NodeName.Parse("server1");

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;
    private readonly LogRecorder _log;

    private HttpSite(WebApplication app, LogRecorder log, RouteTable routes)
    {
        _app = app;
        _log = log;
        Routes = routes;
        Port = new Uri(app.Urls.Single()).Port;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Patience };
    }

    public RouteTable Routes { get; }

    public int Port { get; }

    public HttpClient Client { get; }

    public IEnumerable<string> Warnings => _log.Of(LogLevel.Warning);

    public IEnumerable<string> Errors => _log.Of(LogLevel.Error);

    /// <summary>Set by tests that expect a logged error.</summary>
    public bool ExpectsErrors { get; set; }

    public static async Task<HttpSite> StartAsync(
        IFileTree tree, IFileTree? ownTree = null, TimeProvider? time = null, Func<HttpOptions, HttpOptions>? options = null,
        bool isDirect = true, int maxConnections = int.MaxValue, Action<KestrelServerOptions>? server = null, Meter? meter = null,
        IEnumerable<Route>? more = null)
    {
        var log = new LogRecorder();
        var given = (options ?? (same => same))(new HttpOptions
        {
            NodeName = Node,
            ClusterName = "lab <1>",
            Version = "1.2.3",
            FtpPort = 2121,
            Time = time ?? TimeProvider.System,
            IsReadingNode = _ => true,
        });
        using var loggers = new LoggerFactory([log]);
        var frontEnd = new HttpFrontEnd(
            tree, ownTree ?? new MemoryFileTree(), given, more ?? [], managementCheck: null, maxConnections,
            meter ?? new Meter("dftp.http"), loggers);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddProvider(log);
        frontEnd.AddTo(builder.Services);
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        var endPoint = new IPEndPoint(IPAddress.Loopback, 0);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            HttpFrontEnd.SetLimits(kestrel);
            server?.Invoke(kestrel);
            kestrel.Listen(endPoint, listen =>
            {
                if (isDirect) frontEnd.Serve(listen);
            });
        });
        if (isDirect)
        {
            builder.Services.AddSingleton<IConnectionListenerFactory>(
                new LoopTransport([endPoint], SocketTransportOptions.CreateDefaultBoundListenSocket, loggers));
        }

        var app = builder.Build();
        frontEnd.Map(app);
        await app.StartAsync();
        return new HttpSite(app, log, frontEnd.Routes);
    }

    /// <summary>The target is sent unchanged.</summary>
    public Uri Url(string target) =>
        new($"http://127.0.0.1:{Port}{target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Url(target));
        foreach (var (name, value) in headers) Assert.IsTrue(request.Headers.TryAddWithoutValidation(name, value), name);
        return await Client.SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string target, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, target, headers);

    public async Task<string> GetTextAsync(string target, params (string Name, string Value)[] headers)
    {
        using var response = await GetAsync(target, headers);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Sends bytes and reads until the server closes.</summary>
    public Task<string> SendRawAsync(string request) => RawHttp.AskAsync(Url("/"), request);

    /// <summary>Stops without a grace time for running requests.</summary>
    public Task StopNowAsync() => _app.StopAsync(new CancellationToken(canceled: true));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (!ExpectsErrors) Assert.AreEqual("", string.Join('\n', Errors));
    }

    private sealed class LogRecorder : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

        public IEnumerable<string> Of(LogLevel least) => _lines.Where(line => line.Level >= least).Select(line => line.Text);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));

        public void Dispose()
        {
        }
    }
}
