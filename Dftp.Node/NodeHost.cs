using System.Net;
using System.Text.Json;
using Dftp.Cluster;
using Dftp.Cluster.Content;
using Dftp.Cluster.Membership;
using Dftp.Cluster.Watching;
using Dftp.Ftp;
using Dftp.Http;
using Dftp.Http.Transport;
using Dftp.Node.CommandLine;
using Dftp.Node.Logging;
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

/// <summary>The composition root: a node made of its parts. Tests build their nodes by it too.</summary>
internal sealed partial class NodeHost : IAsyncDisposable
{
    /// <summary>A node stops within 5 s; this is what of it transfers that are under way are given.</summary>
    private static readonly TimeSpan TransferGrace = TimeSpan.FromSeconds(1.5);

    /// <summary>Paused players are no slow attackers: a response that is read at all is left alone for so long.</summary>
    private static readonly MinDataRate PatientRate = new(bytesPerSecond: 1, gracePeriod: TimeSpan.FromMinutes(10));

    private readonly NodeOptions _options;
    private readonly ILoggerFactory _logs;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private ClusterNode? _cluster;
    private WebApplication? _server;
    private Listener? _http, _management, _ftp, _ftps;

    public NodeHost(NodeOptions options, ILoggerFactory logs, TimeProvider time)
    {
        _options = options;
        _logs = logs;
        _time = time;
        _log = logs.CreateLogger(LogLine.NodeCategory);
    }

    /// <summary>The ports that the interfaces got; 0 for one that is switched off. Known after the start.</summary>
    public int HttpPort => _http?.Port ?? 0;

    public int ManagementPort => _management?.Port ?? 0;

    public int FtpPort => _ftp?.Port ?? 0;

    public int FtpsPort => _ftps?.Port ?? 0;

    /// <summary>The node's part in the cluster; there after the start.</summary>
    public ClusterNode Cluster => _cluster ?? throw new InvalidOperationException("the node has not been started");

    /// <summary>Starts the scan, opens the interfaces, and then looks for peers, who can call back by now.</summary>
    /// <exception cref="StartException">The machine does not let the node start as the options say.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        RootDirectory.ThrowIfUnreadable(_options.Root);
        _cluster = CreateCluster();
        _http = await ResolveAsync("--http-listen", _options.HttpListen, cancellationToken);
        _management = await ResolveAsync("--http-mgmt-listen", _options.ManagementListen, cancellationToken);
        _ftp = await ResolveAsync("--ftp-listen", _options.FtpListen, cancellationToken);
        _ftps = await ResolveAsync("--ftps-listen", _options.FtpsListen, cancellationToken);
        var ftp = _ftp is null && _ftps is null ? null : CreateFtp(_cluster);
        // What is shown already does not wait for what confirms it; where nothing is, the scan is the sooner the better.
        var hasInterfaces = _http is not null || _management is not null || ftp is not null;
        var scansLater = _cluster.ShowSavedTree(meetsPeers: _management is not null) && hasInterfaces;
        if (!scansLater) _cluster.StartScan();
        if (!hasInterfaces) return;

        _server = CreateServer(_cluster, ftp);
        await _server.StartAsync(cancellationToken);
        if (scansLater) _cluster.StartScan();
        LogListening();
        // Without a public interface peers read this node's copies by the management interface.
        if (_management is not null) _cluster.StartMeeting(AddressOf(_http ?? _management), AddressOf(_management));
    }

    /// <summary>Says goodbye, closes the interfaces, and ends what is under way when its time is over.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_cluster is not null) await _cluster.StopAsync();
        if (_server is not null) await _server.StopAsync(cancellationToken);
    }

    /// <summary>Without a <see cref="StopAsync"/> before, the node ends as by a crash: its peers are told nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
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
        // An empty builder reads no settings files and watches none: on a large disk that alone would take seconds.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(_logs);
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = Bind);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TransferGrace);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.UseDftpLimits();
            server.Limits.MinResponseDataRate = PatientRate;
            if (_http is not null) server.Listen(_http.EndPoint, listen => Serve(listen, Interface.Public));
            if (_management is not null) server.Listen(_management.EndPoint, listen => Serve(listen, Interface.Management));
            if (_ftp is not null) server.Listen(_ftp.EndPoint, listen => listen.UseFtp(ftp!));
            if (_ftps is not null) server.Listen(_ftps.EndPoint, listen => listen.UseFtp(ftp!, isImplicitTls: true));
        });

        // After the server's own transport, which is put in only where there is none, and keeps the other interfaces.
        if (ftp is not null) builder.Services.AddSingleton<IConnectionListenerFactory>(new FtpTransport(FtpEndPoints(), Bind, _logs));

        var app = builder.Build();
        app.Use(next => http => RouteAsync(http, next, cluster));
        app.MapDftp(cluster.Tree, cluster.OwnTree, new HttpOptions
        {
            NodeName = _options.Name,
            ClusterName = _options.ClusterName,
            Version = CommandLineParser.Version,
            // A port that the system is to choose is not known yet, and there is no link to port 0.
            FtpPort = _ftp?.Address.Port is > 0 and var ftpPort ? ftpPort : null,
            WriteStatus = WriteStatus,
            IsReady = () => cluster.ScanStatus.State == ScanState.Following,
            Time = _time,
        });
        return app;
    }

    private EndPoint[] FtpEndPoints() => [.. new[] { _ftp, _ftps }.OfType<Listener>().Select(listener => listener.EndPoint)];

    private void WriteStatus(Utf8JsonWriter json) => Cluster.WriteStatus(json, CommandLineParser.Version);

    private FtpConnectionHandler CreateFtp(ClusterNode cluster) =>
        new(cluster.Tree, _options.Ftp with { ShutdownGrace = TransferGrace, Tls = ServerCertificate.Load(_options, _time, _log) }, _time, _logs);

    private static void Serve(ListenOptions listen, Interface served)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (served == Interface.Public) listen.UseDftpTransport();
        listen.Use(next => connection =>
        {
            connection.Features.Set(new ServedInterface(served));
            return next(connection);
        });
    }

    /// <summary>
    /// Requests of the management interface go to the cluster; all others on to the public one's table. So does what asks for the report,
    /// which is had from a node without a public interface too.
    /// </summary>
    private Task RouteAsync(HttpContext http, RequestDelegate next, ClusterNode cluster)
    {
        if (http.Features.Get<ServedInterface>()?.Value != Interface.Management) return next(http);
        var isPeersRead = _http is null && http.Request.Query.ContainsKey("redirN");
        var asksForReport = http.Request.Path.Value is "/status" or "/status/";
        return isPeersRead || asksForReport ? next(http) : cluster.AnswerManagementAsync(http);
    }

    private System.Net.Sockets.Socket Bind(EndPoint endPoint)
    {
        var listener = new[] { _http, _management, _ftp, _ftps }.First(candidate => ReferenceEquals(candidate?.EndPoint, endPoint));
        return listener!.Bind();
    }

    private static async Task<Listener?> ResolveAsync(string option, ListenAddress? address, CancellationToken cancellationToken) =>
        address is null ? null : await Listener.ResolveAsync(option, address, cancellationToken);

    private static HostPort AddressOf(Listener listener) => new(
        IPAddress.TryParse(listener.Address.Host, out var host) && !host.Equals(IPAddress.Any) && !host.Equals(IPAddress.IPv6Any) ? host.ToString() : "",
        listener.Port);

    private void LogListening()
    {
        if (_http is not null) LogListening(_log, "HTTP public", new HostPort(_http.Address.Host, _http.Port));
        if (_management is not null) LogListening(_log, "HTTP mgmt", new HostPort(_management.Address.Host, _management.Port));
        if (_ftp is not null) LogListening(_log, "FTP public", new HostPort(_ftp.Address.Host, _ftp.Port));
        if (_ftps is not null) LogListening(_log, "FTPS public", new HostPort(_ftps.Address.Host, _ftps.Port));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Interface} interface listening on {Address}...")]
    private static partial void LogListening(ILogger log, string @interface, HostPort address);

    private enum Interface
    {
        Public,
        Management,
    }

    /// <summary>Marks a connection with the interface that accepted it.</summary>
    private sealed record ServedInterface(Interface Value);
}
