using System.Net;
using System.Net.Security;
using System.Text.Json;
using Dftp.Cluster;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.Ftp;
using Dftp.Http;
using Dftp.Http.Transport;
using Dftp.Node.CommandLine;
using Dftp.Node.Logging;
using Dftp.Node.Metrics;
using Dftp.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dftp.Node;

/// <summary>The composition root: builds a node from its components. Tests build their nodes with it too.</summary>
internal sealed partial class NodeHost : IAsyncDisposable
{
    /// <summary>The part of the 5 s stop time that running transfers get to finish.</summary>
    private static readonly TimeSpan TransferGrace = TimeSpan.FromSeconds(1.5);

    /// <summary>After <see cref="TransferGrace"/> connections are aborted. FTP clients get their reply before that.</summary>
    private static readonly TimeSpan FtpTransferGrace = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a client may read nothing, because a paused player is not a slow attacker. The server grants this time for each
    /// write, and bytes that the client has read extend it at this rate.
    /// </summary>
    private static readonly MinDataRate PatientRate = new(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromMinutes(10));

    private readonly NodeOptions _options;
    private readonly ILoggerFactory _logs;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly NodeMeters _meters = new();
    private ClusterNode? _cluster;
    private WebApplication? _server;
    private Listener? _http, _https, _management, _ftp, _ftps;
    private SslServerAuthenticationOptions? _tls;
    private AccessLogFile? _accessLog;
    private IDisposable? _telemetry;

    public NodeHost(NodeOptions options, ILoggerFactory logs, TimeProvider time)
    {
        _options = options;
        _logs = logs;
        _time = time;
        _log = logs.CreateLogger(LogLine.NodeCategory);
    }

    /// <summary>The bound ports of the interfaces; 0 for one that is switched off. Set by the start.</summary>
    public int HttpPort => _http?.Port ?? 0;

    public int HttpsPort => _https?.Port ?? 0;

    public int ManagementPort => _management?.Port ?? 0;

    public int FtpPort => _ftp?.Port ?? 0;

    public int FtpsPort => _ftps?.Port ?? 0;

    /// <summary>The node's cluster component; set by the start.</summary>
    public ClusterNode Cluster => _cluster ?? throw new InvalidOperationException("the node has not been started");

    /// <summary>Starts the scan, opens the interfaces, and then starts discovery: peers can connect back from then on.</summary>
    /// <exception cref="StartException">The machine cannot provide what the options require.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        RootDirectory.ThrowIfUnreadable(_options.Root);
        BackgroundFailures.Occurred += LogBackgroundFailure;
        _accessLog = OpenAccessLog();
        _cluster = CreateCluster();
        Measure(_cluster);
        _telemetry = OpenTelemetryExport.Start(_options.OpenTelemetry, _meters, _options, CommandLineParser.Version, _log);
        _http = await ResolveAsync("--http-listen", _options.HttpListen, cancellationToken);
        _https = await ResolveAsync("--https-listen", _options.HttpsListen, cancellationToken);
        _management = await ResolveAsync("--http-mgmt-listen", _options.ManagementListen, cancellationToken);
        _ftp = await ResolveAsync("--ftp-listen", _options.FtpListen, cancellationToken);
        _ftps = await ResolveAsync("--ftps-listen", _options.FtpsListen, cancellationToken);
        if (_https is not null || _ftp is not null || _ftps is not null) _tls = ServerCertificate.Load(_options, _time, _log);
        var ftp = _ftp is null && _ftps is null ? null : CreateFtp(_cluster);
        // A saved tree is served first, and the scan then confirms it. Without a saved tree the scan starts at once.
        var hasInterfaces = _http is not null || _https is not null || _management is not null || ftp is not null;
        var scansLater = _cluster.ShowSavedTree(meetsPeers: _management is not null) && hasInterfaces;
        if (!scansLater) _cluster.StartScan();
        if (!hasInterfaces) return;

        _server = CreateServer(_cluster, ftp);
        await _server.StartAsync(cancellationToken);
        if (scansLater) _cluster.StartScan();
        LogListening();
        // Older nodes read this node's copies at its public interface. Without one they are sent to the management interface.
        if (_management is not null) _cluster.StartMeeting(AddressOf(_http ?? _management), AddressOf(_management));
    }

    /// <summary>Leaves the cluster, closes the interfaces, and aborts what is still running after the grace time.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_cluster is not null) await _cluster.StopAsync();
        if (_server is not null) await _server.StopAsync(cancellationToken);
    }

    /// <summary>Without a <see cref="StopAsync"/> before, the node ends as by a crash: it says no goodbye to its peers.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
        // Telemetry and access log end last, so that they include everything before.
        if (_telemetry is not null) await Task.Run(_telemetry.Dispose);
        if (_accessLog is not null) await _accessLog.DisposeAsync();
        _meters.Dispose();
        BackgroundFailures.Occurred -= LogBackgroundFailure;
    }

    /// <summary>Reopens the file of the access log, if there is one.</summary>
    public void ReopenAccessLog() => _accessLog?.Reopen();

    private AccessLogFile? OpenAccessLog() => _options.AccessLog switch
    {
        null => null,
        "-" => AccessLogFile.Over(Console.OpenStandardOutput(), _time, _log),
        var file => AccessLogFile.Open(file, _time, _log),
    };

    private void Measure(ClusterNode cluster)
    {
        cluster.Measure(_meters.Add("dftp.cluster"));
        var meter = _meters.Add("dftp.node");
        ProcessMetrics.Measure(meter, _options, CommandLineParser.Version);
        meter.CreateObservableCounter(
            "dftp.background.failures", () => BackgroundFailures.Count, "{exception}",
            "Unexpected exceptions that the process survived; each ended a connection.");
        if (_accessLog is { } log)
            meter.CreateObservableCounter("dftp.access_log.lost", () => log.Lost, "{line}", "Dropped lines of the access log.");
    }

    private ClusterNode CreateCluster()
    {
        var options = new ClusterOptions
        {
            NodeName = _options.Name,
            ClusterName = _options.ClusterName,
            Mount = _options.Mount,
            Multicast = _options.MulticastGroup,
            PingInterval = _options.PingInterval,
            DeadAfter = _options.DeadAfter,
            FullUpdateInterval = _options.FullUpdateInterval,
            RescanInterval = _options.RescanInterval,
            Joins = _options.Joins,
            StateDirectory = _options.StateDirectory,
        };
        try
        {
            return new ClusterNode(options, _options.Root, _time, _logs);
        }
        catch (RootDirectoryException failure)
        {
            throw new StartException($"--dfsroot: {failure.Message}", failure);
        }
    }

    private WebApplication CreateServer(ClusterNode cluster, FtpConnectionHandler? ftp)
    {
        // An empty builder reads and watches no settings files, which would take seconds on a large disk.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(_logs);
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            sockets.CreateBoundListenSocket = Bind;
            // A request is answered on the thread that received it. No handler blocks except for the disk.
            sockets.UnsafePreferInlineScheduling = true;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TransferGrace);
        var http = new HttpFrontEnd(
            cluster.Tree, cluster.LocalTree, CreateHttpOptions(cluster), _options.HttpMaxConnections, _meters.Add("dftp.http"), _logs);
        http.AddTo(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            HttpFrontEnd.SetLimits(server);
            server.Limits.MinResponseDataRate = PatientRate;
            if (_http is not null) server.Listen(_http.EndPoint, listen => http.Serve(listen));
            if (_https is not null) server.Listen(_https.EndPoint, listen => http.Serve(listen, _tls));
            if (_management is not null) server.Listen(_management.EndPoint, listen => ServeManagement(listen, http));
            if (_ftp is not null) server.Listen(_ftp.EndPoint, listen => listen.UseFtp(ftp!));
            if (_ftps is not null) server.Listen(_ftps.EndPoint, listen => listen.UseFtp(ftp!, isImplicitTls: true));
        });

        // Registered after the server's own transport, which is only added when there is none and serves the other interfaces.
        EndPoint[] onLoop = [.. new[] { _http, _management }.OfType<Listener>().Select(listener => listener.EndPoint)];
        builder.Services.AddSingleton<IConnectionListenerFactory>(new LoopTransport(onLoop, Bind, _logs));

        var app = builder.Build();
        http.Map(app, request => AnswerForCluster(request, cluster));
        return app;
    }

    private HttpOptions CreateHttpOptions(ClusterNode cluster) => new()
    {
        NodeName = _options.Name,
        ClusterName = _options.ClusterName,
        Version = CommandLineParser.Version,
        // A port that the system chooses is not known yet, so there is no link for port 0.
        FtpPort = _ftp?.Address.Port is > 0 and var ftpPort ? ftpPort : null,
        WriteStatus = WriteStatus,
        RedirectsRemoteReads = _options.RedirectsRemoteReads,
        WriteMetrics = _meters.WriteText,
        IsReady = () => cluster.ScanStatus.State == ScanState.Following,
        AccessLog = _accessLog is null ? null : _accessLog.Add,
        RequestsAreTraced = _telemetry is not null,
        Time = _time,
    };

    private void WriteStatus(Utf8JsonWriter json) => Cluster.WriteStatus(json, CommandLineParser.Version);

    private FtpConnectionHandler CreateFtp(ClusterNode cluster) =>
        new(cluster.Tree, _options.Ftp with { ShutdownGrace = FtpTransferGrace, Tls = _tls }, _time, _logs, _meters.Add("dftp.ftp"));

    private static void ServeManagement(ListenOptions listen, HttpFrontEnd http)
    {
        http.ServePeers(listen);
        listen.Use(next => connection =>
        {
            connection.Features.Set(ManagementConnection.Mark);
            return next(connection);
        });
    }

    /// <summary>
    /// Dispatches requests of the management interface to the cluster, all others to the public request table: also peers' reads, and health
    /// and metrics endpoints, so that a node without a public interface exposes them.
    /// </summary>
    private static Task? AnswerForCluster(HttpContext http, ClusterNode cluster)
    {
        if (http.Features.Get<ManagementConnection>() is null) return null;
        var isPeersRead = http.Request.Path.StartsWithSegments("/fs") && http.Request.Query.ContainsKey("redirN");
        var asksHowItIs = http.Request.Path.Value is "/status" or "/status/" or "/metrics" or "/healthz" or "/readyz";
        return isPeersRead || asksHowItIs ? null : cluster.AnswerManagementAsync(http);
    }

    private System.Net.Sockets.Socket Bind(EndPoint endPoint)
    {
        var listener = new[] { _http, _https, _management, _ftp, _ftps }.First(candidate => ReferenceEquals(candidate?.EndPoint, endPoint));
        return listener!.Bind();
    }

    private static async Task<Listener?> ResolveAsync(string option, ListenAddress? address, CancellationToken cancellationToken) =>
        address is null ? null : await Listener.ResolveAsync(option, address, cancellationToken);

    private static HostPort AddressOf(Listener listener) => new(
        IPAddress.TryParse(listener.Address.Host, out var host)
            && !host.Equals(IPAddress.Any) && !host.Equals(IPAddress.IPv6Any) ? host.ToString() : "",
        listener.Port);

    private void LogListening()
    {
        if (_http is not null) LogListening(_log, "HTTP public", new HostPort(_http.Address.Host, _http.Port));
        if (_https is not null) LogListening(_log, "HTTPS public", new HostPort(_https.Address.Host, _https.Port));
        if (_management is not null) LogListening(_log, "HTTP mgmt", new HostPort(_management.Address.Host, _management.Port));
        if (_ftp is not null) LogListening(_log, "FTP public", new HostPort(_ftp.Address.Host, _ftp.Port));
        if (_ftps is not null) LogListening(_log, "FTPS public", new HostPort(_ftps.Address.Host, _ftps.Port));
    }

    private void LogBackgroundFailure(Exception failure) => LogBackgroundFailure(_log, failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "connection closed because of a bug in its handler")]
    private static partial void LogBackgroundFailure(ILogger log, Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Interface} interface listening on {Address}...")]
    private static partial void LogListening(ILogger log, string @interface, HostPort address);

    /// <summary>Marks the connections that the management interface has accepted.</summary>
    private sealed class ManagementConnection
    {
        public static ManagementConnection Mark { get; } = new();
    }
}
