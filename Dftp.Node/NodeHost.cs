using System.Net;
using System.Net.Security;
using System.Text.Json;
using Dftp.Cluster;
using Dftp.Cluster.Door;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.Ftp;
using Dftp.Http;
using Dftp.Http.Transport;
using Dftp.Node.CommandLine;
using Dftp.Node.Logging;
using Dftp.Node.Metrics;
using Dftp.Routes;
using Dftp.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
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
    private RouteTable? _routes;
    private IReadOnlyList<Listener> _listeners = [];
    private SslServerAuthenticationOptions? _tls, _nodeTls;
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
    public int HttpPort => PortOf(InterfaceKind.Http);

    public int HttpsPort => PortOf(InterfaceKind.Https);

    public int ManagementPort => PortOf(InterfaceKind.Management);

    public int FtpPort => PortOf(InterfaceKind.Ftp);

    public int FtpsPort => PortOf(InterfaceKind.Ftps);

    /// <summary>The routes of both HTTP interfaces; set by the start.</summary>
    public RouteTable Routes => _routes ?? throw new InvalidOperationException("the node has not been started");

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
        var interfaces = NodeInterface.Of(_options).ToList();
        _listeners = [.. await Task.WhenAll(interfaces.Select(each => Listener.ResolveAsync(each, cancellationToken)))];
        if (interfaces.Exists(each => each.NeedsCertificate)) _tls = ServerCertificate.Load(_options, _time, _log);
        var management = ListenerOf(InterfaceKind.Management);
        // A saved tree is served first, and the scan then confirms it. Without a saved tree the scan starts at once.
        var scansLater = _cluster.ShowSavedTree(meetsPeers: management is not null) && _listeners.Count > 0;
        if (!scansLater) _cluster.StartScan();
        if (_listeners.Count == 0) return;

        _server = CreateServer(_cluster);
        await _server.StartAsync(cancellationToken);
        if (scansLater) _cluster.StartScan();
        foreach (var each in _listeners) LogListening(_log, each.Of.Name, new HostPort(each.Of.Address.Host, each.Port));
        // Older nodes read this node's copies at its public interface. Without one they are sent to the management interface.
        if (management is not null) _cluster.StartMeeting(AddressOf(ListenerOf(InterfaceKind.Http) ?? management), AddressOf(management));
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
        var certificate = _options.NodesUseTls ? ServerCertificate.LoadForNodes(_options, _time, _log) : null;
        if (certificate is not null) _nodeTls = ServerCertificate.OptionsFor([certificate.Certificate]);
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
            SecretFile = _options.ClusterSecretFile,
            LegacyPeers = _options.LegacyPeers,
            Certificate = certificate,
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
        catch (SecretFileException failure)
        {
            throw new StartException($"--cluster-secret-file: {failure.Message}", failure);
        }
    }

    private WebApplication CreateServer(ClusterNode cluster)
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
            cluster.Tree, cluster.LocalTree, CreateHttpOptions(cluster), cluster.Routes, cluster.ManagementCheck,
            _options.HttpMaxConnections, _meters.Add("dftp.http"), _logs);
        _routes = http.Routes;
        http.AddTo(builder.Services);
        var ftp = _listeners.Any(listener => listener.Of.Kind is InterfaceKind.Ftp or InterfaceKind.Ftps) ? CreateFtp(cluster) : null;
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            HttpFrontEnd.SetLimits(server);
            server.Limits.MinResponseDataRate = PatientRate;
            foreach (var listener in _listeners) server.Listen(listener.EndPoint, listen => Serve(listen, listener.Of.Kind, http, ftp));
        });

        // Registered after the server's own transport, which is only added when there is none and serves the other interfaces.
        var onLoop = _listeners.Where(listener => listener.Of.IsOnEventLoop).Select(listener => listener.EndPoint).ToList();
        builder.Services.AddSingleton<IConnectionListenerFactory>(new LoopTransport(onLoop, Bind, _logs));

        var app = builder.Build();
        http.Map(app);
        return app;
    }

    private void Serve(ListenOptions listen, InterfaceKind kind, HttpFrontEnd http, FtpConnectionHandler? ftp)
    {
        switch (kind)
        {
            case InterfaceKind.Http: http.Serve(listen); break;
            case InterfaceKind.Https: http.Serve(listen, _tls); break;
            case InterfaceKind.Management: http.ServeManagement(listen, _nodeTls); break;
            case InterfaceKind.Ftp: listen.UseFtp(ftp!); break;
            case InterfaceKind.Ftps: listen.UseFtp(ftp!, isImplicitTls: true); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    private HttpOptions CreateHttpOptions(ClusterNode cluster) => new()
    {
        NodeName = _options.Name,
        ClusterName = _options.ClusterName,
        Version = CommandLineParser.Version,
        // A port that the system chooses is not known yet, so there is no link for port 0.
        FtpPort = _options.FtpListen?.Port is > 0 and var ftpPort ? ftpPort : null,
        WriteStatus = WriteStatus,
        RedirectsRemoteReads = _options.RedirectsRemoteReads,
        IsReadingNode = cluster.IsReadingNode,
        WriteMetrics = _meters.WriteText,
        IsReady = () => cluster.ScanStatus.State == ScanState.Following,
        AccessLog = _accessLog is null ? null : _accessLog.Add,
        RequestsAreTraced = _telemetry is not null,
        Time = _time,
    };

    private void WriteStatus(Utf8JsonWriter json) => Cluster.WriteStatus(json, CommandLineParser.Version);

    private FtpConnectionHandler CreateFtp(ClusterNode cluster) =>
        new(cluster.Tree, _options.Ftp with { ShutdownGrace = FtpTransferGrace, Tls = _tls }, _time, _logs, _meters.Add("dftp.ftp"));

    private System.Net.Sockets.Socket Bind(EndPoint endPoint) =>
        _listeners.First(listener => ReferenceEquals(listener.EndPoint, endPoint)).Bind();

    private Listener? ListenerOf(InterfaceKind kind) => _listeners.FirstOrDefault(listener => listener.Of.Kind == kind);

    private int PortOf(InterfaceKind kind) => ListenerOf(kind)?.Port ?? 0;

    private static HostPort AddressOf(Listener listener) => new(
        IPAddress.TryParse(listener.Of.Address.Host, out var host)
            && !host.Equals(IPAddress.Any) && !host.Equals(IPAddress.IPv6Any) ? host.ToString() : "",
        listener.Port);

    private void LogBackgroundFailure(Exception failure) => LogBackgroundFailure(_log, failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "connection closed because of a bug in its handler")]
    private static partial void LogBackgroundFailure(ILogger log, Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Interface} interface listening on {Address}...")]
    private static partial void LogListening(ILogger log, string @interface, HostPort address);
}
