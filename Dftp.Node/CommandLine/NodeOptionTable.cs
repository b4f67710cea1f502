using System.Net;
using Dftp.Cluster;
using Dftp.FileSystem;
using Dftp.Ftp;
using Microsoft.Extensions.Logging;

namespace Dftp.Node.CommandLine;

/// <summary>
/// The options of a node in the order of the help. A new option is a definition here, its place in <see cref="Groups"/> and its line in
/// <see cref="Bind"/>.
/// </summary>
internal static class NodeOptionTable
{
    private const string DefaultState = "~";

    /// <summary>Shorter intervals cost processor time without a visible effect.</summary>
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Below the limit of the framework's timers.</summary>
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(30);

    public static readonly OptionDefinition<string> Config = new("config", ValueParsers.Text)
    {
        Placeholder = "FILE",
        Summary = "A JSON file with options: { \"dfsroot\": \"/storage\", \"http-listen\": \":8080\" }. The command line and the "
            + "environment override it.",
        Example = "/etc/dftp.json",
        DefaultMeaning = "none",
        IsAllowedInFile = false,
    };

    private static readonly OptionDefinition<string> Root = new("dfsroot", ValueParsers.Text)
    {
        Placeholder = "DIR",
        Summary = "The local directory that this node adds to the cluster's tree. Required.",
        Example = "/storage",
    };

    private static readonly OptionDefinition<VirtualPath> Mount = new("dfsmount", ValueParsers.Path)
    {
        Placeholder = "PATH",
        Summary = "The path of the local directory in the cluster's tree. Several nodes may use the same path.",
        Example = "/backup/server1",
        DefaultMeaning = "the tree's root",
    };

    private static readonly OptionDefinition<NodeName?> Name = new("node-name", ValueParsers.NodeNameOrNone)
    {
        Placeholder = "NAME",
        Summary = "The name of this node. It must be unique in the cluster.",
        Example = "server1",
        DefaultMeaning = "the host's name",
    };

    private static readonly OptionDefinition<ListenAddress?> HttpListen = new("http-listen", ValueParsers.ListenAddressOrOff)
    {
        Placeholder = "HOST:PORT",
        Summary = "The address of the public HTTP interface. An empty value switches it off.",
        Example = "localhost:8080",
        Default = ":7040",
    };

    private static readonly OptionDefinition<ListenAddress?> HttpsListen = new("https-listen", ValueParsers.ListenAddressOrOff)
    {
        Placeholder = "HOST:PORT",
        Summary = "The address of the public HTTPS interface, with HTTP/1.1 and HTTP/2. Its certificate is that of --tls-cert or "
            + "the node's own.",
        Example = ":7043",
        DefaultMeaning = "off",
    };

    private static readonly OptionDefinition<int> HttpMaxConnections = new("http-max-connections", ValueParsers.Count)
    {
        Placeholder = "NUMBER",
        Summary = "The maximum number of open public HTTP connections. Further ones get 503; beyond twice the maximum they are closed.",
        Example = "1000",
        Default = "10000",
    };

    private static readonly OptionDefinition<string> AccessLog = new("access-log", ValueParsers.Text)
    {
        Placeholder = "FILE",
        Summary = "A file that gets one line for every HTTP request, in the combined format; - is standard output. "
            + "A file that was moved away is reopened within a second, or at once on SIGHUP.",
        Example = "/var/log/dftp/access.log",
        DefaultMeaning = "none",
    };

    private static readonly OptionDefinition<ListenAddress?> FtpListen = new("ftp-listen", ValueParsers.ListenAddressOrOff)
    {
        Placeholder = "HOST:PORT",
        Summary = "The address of the public FTP interface. An empty value switches it off.",
        Example = ":21",
        Default = ":2121",
    };

    private static readonly OptionDefinition<ListenAddress?> FtpsListen = new("ftps-listen", ValueParsers.ListenAddressOrOff)
    {
        Placeholder = "HOST:PORT",
        Summary = "The address of an interface for implicit FTPS. The FTP interface has explicit TLS (AUTH TLS) without it.",
        Example = ":990",
        DefaultMeaning = "off",
    };

    private static readonly OptionDefinition<bool> RemoteReads = new("remote-reads", ValueParsers.RemoteReads)
    {
        Placeholder = "HOW",
        Summary = "How HTTP clients read files of other nodes: proxy streams them through this node; redirect sends the client to a "
            + "holder, "
            + "whose public address it must be able to reach.",
        Example = "redirect",
        Default = "proxy",
    };

    private static readonly OptionDefinition<string> TlsCertificate = new("tls-cert", ValueParsers.Text)
    {
        Placeholder = "FILE",
        Summary = "The TLS certificate in PEM form, followed by its intermediate certificates. Without one the node makes its own "
            + "and keeps it in --state-dir.",
        Example = "/etc/dftp/cert.pem",
        DefaultMeaning = "self-signed",
    };

    private static readonly OptionDefinition<string> TlsKey = new("tls-key", ValueParsers.Text)
    {
        Placeholder = "FILE",
        Summary = "The private key of --tls-cert in PEM form, without a password.",
        Example = "/etc/dftp/key.pem",
        DefaultMeaning = "none",
    };

    private static readonly OptionDefinition<PortRange?> FtpPassivePorts = new("ftp-passive-ports", ValueParsers.PortRangeOrAny)
    {
        Placeholder = "LOW-HIGH",
        Summary = "The ports of passive FTP data connections, for firewalls and containers.",
        Example = "50000-50100",
        DefaultMeaning = "any free port",
    };

    private static readonly OptionDefinition<PublicAddress?> FtpPublicAddress = new(
        "ftp-public-address", ValueParsers.PublicAddressOrReached)
    {
        Placeholder = "HOST",
        Summary = "The IPv4 address in replies to PASV, for a node behind NAT or in a container; or a name, which is resolved every "
            + "minute.",
        Example = "nas.example.org",
        DefaultMeaning = "the one reached",
    };

    private static readonly OptionDefinition<int> FtpMaxSessions = new("ftp-max-sessions", ValueParsers.Count)
    {
        Placeholder = "NUMBER",
        Summary = "The maximum number of FTP sessions.",
        Example = "200",
        Default = "2000",
    };

    private static readonly OptionDefinition<int> FtpMaxSessionsPerAddress = new("ftp-max-sessions-per-address", ValueParsers.Count)
    {
        Placeholder = "NUMBER",
        Summary = "The maximum number of FTP sessions from one address.",
        Example = "20",
        Default = "256",
    };

    private static readonly OptionDefinition<TimeSpan> FtpIdleTimeout = new("ftp-idle-timeout", ValueParsers.Duration)
    {
        Placeholder = "DURATION",
        Summary = "An FTP session without commands and transfers is closed after this time.",
        Example = "1h",
        Default = "15m",
    };

    private static readonly OptionDefinition<TimeSpan> FtpLoginTimeout = new("ftp-login-timeout", ValueParsers.Duration)
    {
        Placeholder = "DURATION",
        Summary = "An FTP session without a log-in is closed after this time.",
        Example = "30s",
        Default = "2m",
    };

    private static readonly OptionDefinition<ListenAddress?> ManagementListen = new("http-mgmt-listen", ValueParsers.ListenAddressOrOff)
    {
        Placeholder = "HOST:PORT",
        Summary = "The address of the management interface, for traffic between nodes; keep it away from users. An empty value "
            + "switches it off: the node stays alone.",
        Example = "10.0.0.1:7041",
        Default = ":7041",
    };

    private static readonly OptionDefinition<IPEndPoint?> MulticastGroup = new("multicast-discovery-addr", ValueParsers.MulticastGroupOrOff)
    {
        Placeholder = "GROUP:PORT",
        Summary = "The multicast group for discovery. An empty value switches it off: join nodes with --join or dftp join.",
        Example = "239.1.2.3:7041",
        Default = "224.0.0.9:7041",
    };

    public static readonly OptionDefinition<string> ClusterName = new("cluster-name", ValueParsers.ClusterName)
    {
        Placeholder = "NAME",
        Summary = "Nodes join only nodes with the same cluster name, so that several clusters can use one multicast group.",
        Example = "archive",
        Default = "dftp",
    };

    private static readonly OptionDefinition<HostPort> Join = new("join", ValueParsers.NodeAddress)
    {
        Placeholder = "HOST:PORT",
        Summary = "The management address of a node to join, retried indefinitely. It may be given several times.",
        Example = "nas.home:7041",
        DefaultMeaning = "none",
        IsRepeatable = true,
    };

    public static readonly OptionDefinition<string> SecretFile = new("cluster-secret-file", ValueParsers.Text)
    {
        Placeholder = "FILE",
        Summary = "The file with the secret that the nodes of a cluster and their commands share; others are refused. One key a line: the "
            + "first one signs, all verify; dftp secret new makes one. A changed file is read again. Only its owner may have access to it.",
        Example = "/etc/dftp/secret",
        DefaultMeaning = "none",
    };

    public static readonly OptionDefinition<bool> ClusterTls = new("cluster-tls", ValueParsers.OnOrOff)
    {
        Placeholder = "HOW",
        Summary = "With --cluster-secret-file: on or off, whether nodes, and commands, speak TLS with nodes. Each node makes a certificate for "
            + "that and knows the others by theirs. The same for all nodes of a cluster.",
        Example = "off",
        Default = "on",
    };

    private static readonly OptionDefinition<IReadOnlyList<string>> LegacyPeers = new("legacy-peers", ValueParsers.Hosts)
    {
        Placeholder = "ADDRESSES",
        Summary = "With --cluster-secret-file: addresses or host names, separated by commas, of machines whose legacy nodes are "
            + "members although they cannot sign. Whoever has such an address can join.",
        Example = "10.0.0.8,old-nas.home",
        DefaultMeaning = "none",
        IsRepeatable = true,
    };

    private static readonly OptionDefinition<TimeSpan> PingInterval = new("ping-interval", ValueParsers.Duration)
    {
        Placeholder = "DURATION",
        Summary = "How often this node pings each other node. A ping also carries the state that this node has announced.",
        Example = "2s",
        Default = "5s",
    };

    private static readonly OptionDefinition<TimeSpan> DeadAfter = new("dead-after", ValueParsers.Duration)
    {
        Placeholder = "DURATION",
        Summary = "A node without an answer for this time is declared dead, and its entries leave the tree. At least twice "
            + "--ping-interval.",
        Example = "30s",
        Default = "15s",
    };

    private static readonly OptionDefinition<TimeSpan> FullUpdateInterval = new("full-update-interval", ValueParsers.Duration)
    {
        Placeholder = "DURATION",
        Summary = "How often the other nodes get all entries of this one, in case a change was lost.",
        Example = "6h",
        Default = "1h",
    };

    private static readonly OptionDefinition<TimeSpan> RescanInterval = new("rescan-interval", ValueParsers.Duration)
    {
        Placeholder = "DURATION",
        Summary = "How often the whole local directory is rescanned, in case a change was missed.",
        Example = "15m",
        Default = "1h",
    };

    private static readonly OptionDefinition<string> StateDirectory = new("state-dir", ValueParsers.Text)
    {
        Placeholder = "DIR",
        Summary = "Where the node saves its tree, the known nodes and its own certificate, in a directory named after the node. "
            + "$XDG_STATE_HOME moves the default. An empty value: nothing is saved.",
        Example = "/var/lib/dftp",
        Default = DefaultState,
        DefaultMeaning = "~/.local/state",
    };

    private static readonly OptionDefinition<LogLevel> Level = new("log-level", ValueParsers.LogLevel)
    {
        Placeholder = "LEVEL",
        Summary = "The lowest level that is logged to standard error: trace, debug, info, warning, error or off.",
        Example = "debug",
        Default = "info",
    };

    /// <summary>All options in the order of the help, by heading.</summary>
    public static IReadOnlyList<OptionGroup> Groups { get; } =
    [
        new("What to serve", [Root, Mount, Name, RemoteReads]),
        new("Where to listen", [HttpListen, HttpsListen, FtpListen, FtpsListen, ManagementListen]),
        new("The cluster", [ClusterName, SecretFile, ClusterTls, LegacyPeers, MulticastGroup, Join]),
        new("Times, such as 500ms, 5s, 10m or 1h30m", [PingInterval, DeadAfter, FullUpdateInterval, RescanInterval]),
        new("HTTP", [HttpMaxConnections, AccessLog]),
        new("FTP", [FtpPassivePorts, FtpPublicAddress, FtpMaxSessions, FtpMaxSessionsPerAddress, FtpIdleTimeout, FtpLoginTimeout]),
        new("Encryption", [TlsCertificate, TlsKey]),
        new("Settings, state and log", [Config, StateDirectory, Level]),
    ];

    public static IReadOnlyList<OptionDefinition> All { get; } = [.. Groups.SelectMany(group => group.Options)];

    /// <exception cref="UsageException">A value is invalid, or a required one is missing.</exception>
    public static NodeOptions Bind(OptionValues values, Func<string> hostName)
    {
        var root = values.Get(Root);
        if (root.Length == 0) throw values.Wrong(Root, $"give the directory to serve, such as {Root.Flag} {Root.Example}; see dftp --help");
        if (root.Contains('\0', StringComparison.Ordinal)) throw values.Wrong(Root, "a path has no NUL character");
        var name = values.Get(Name) ?? HostNameAsNodeName(values, hostName());
        CheckTimes(values);
        return new NodeOptions
        {
            Root = Path.GetFullPath(root),
            Mount = values.Get(Mount),
            Name = name,
            HttpListen = values.Get(HttpListen),
            HttpsListen = values.Get(HttpsListen),
            HttpMaxConnections = values.Get(HttpMaxConnections),
            AccessLog = values.Get(AccessLog) is "-" ? "-" : PathOf(values, AccessLog),
            RedirectsRemoteReads = values.Get(RemoteReads),
            FtpListen = values.Get(FtpListen),
            FtpsListen = values.Get(FtpsListen),
            Ftp = new FtpOptions
            {
                PassivePorts = values.Get(FtpPassivePorts),
                PublicAddress = values.Get(FtpPublicAddress),
                MaxSessions = values.Get(FtpMaxSessions),
                MaxSessionsPerAddress = values.Get(FtpMaxSessionsPerAddress),
                IdleTimeout = values.Get(FtpIdleTimeout),
                LoginTimeout = values.Get(FtpLoginTimeout),
            },
            TlsCertificate = PathOf(values, TlsCertificate),
            TlsKey = PathOf(values, TlsKey),
            ManagementListen = values.Get(ManagementListen),
            MulticastGroup = values.Get(MulticastGroup),
            ClusterName = values.Get(ClusterName),
            ClusterSecretFile = PathOf(values, SecretFile),
            ClusterTls = values.Get(ClusterTls),
            LegacyPeers = [.. values.GetAll(LegacyPeers).SelectMany(hosts => hosts)],
            Joins = values.GetAll(Join),
            PingInterval = values.Get(PingInterval),
            DeadAfter = values.Get(DeadAfter),
            FullUpdateInterval = values.Get(FullUpdateInterval),
            RescanInterval = values.Get(RescanInterval),
            StateDirectory = StateDirectoryOf(values, name),
            LogLevel = values.Get(Level),
        };
    }

    private static void CheckTimes(OptionValues values)
    {
        foreach (var option in new[] { PingInterval, DeadAfter, FullUpdateInterval, RescanInterval, FtpIdleTimeout, FtpLoginTimeout })
        {
            if (values.Get(option) < ShortestInterval) throw values.Wrong(option, "is shorter than 100ms");
            if (values.Get(option) > LongestInterval) throw values.Wrong(option, "is longer than 30 days");
        }

        if (values.Get(DeadAfter) < 2 * values.Get(PingInterval))
            throw values.Wrong(DeadAfter, $"is less than twice {PingInterval.Flag}: one lost answer would declare a node dead");
    }

    public static string? PathOf(OptionValues values, OptionDefinition<string> option) =>
        values.Get(option) is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    // Two nodes on one machine must not share their state, so each has a directory of its name.
    private static string? StateDirectoryOf(OptionValues values, NodeName node)
    {
        var given = values.Get(StateDirectory);
        if (given.Length == 0) return null;
        // The names . and .. cannot be directories of their own.
        var own = node.Value is "." or ".." ? $"node{node}" : node.Value;
        if (given != DefaultState) return Path.GetFullPath(Path.Combine(given, own));
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(state) || !Path.IsPathRooted(state))
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            if (home.Length == 0) return null;
            state = Path.Combine(home, ".local", "state");
        }

        return Path.Combine(state, "dftp", own);
    }

    private static NodeName HostNameAsNodeName(OptionValues values, string hostName) =>
        NodeName.TryParse(hostName, out var name) ? name
        : throw values.Wrong(Name, $"the host's name cannot be used, so give one ({ValueParsers.NodeNameRule(hostName)})");
}
