using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dftp.Cluster.Door;
using Dftp.FileSystem;

namespace Dftp.Cluster.Discovery;

/// <summary>
/// The datagram with which a node announces itself: <c>{"Type":"ping","ClusterName":…,"NodeName":…,"MgmtAddr":":7041"}</c>, with a
/// cluster secret also <c>"Created":…,"Key":…,"Mac":…</c>.
/// </summary>
/// <param name="ClusterName">The cluster of the node.</param>
/// <param name="NodeName">Its name.</param>
/// <param name="ManagementHost">Empty if the datagram's source is the host.</param>
/// <param name="ManagementPort">1 to 65535.</param>
internal sealed record Announcement(string ClusterName, NodeName NodeName, string ManagementHost, int ManagementPort)
{
    /// <summary>The maximum length: announcements of legacy nodes and ours fit an Ethernet frame.</summary>
    public const int MaxBytes = 1472;

    private const string Ping = "ping";

    /// <summary>Authenticates the announcement; null without a cluster secret.</summary>
    public AnnouncementSeal? Seal { get; init; }

    /// <summary>The sealed values.</summary>
    private string[] Sealed =>
        [ClusterName, NodeName.Value, ManagementHost, ManagementPort.ToString(CultureInfo.InvariantCulture)];

    /// <summary>The announcement as of now, sealed if there is a secret.</summary>
    public Announcement SealedBy(AnnouncementMac? mac) => mac is null ? this : this with { Seal = mac.Seal(Sealed) };

    /// <summary>Verifies the seal.</summary>
    /// <returns>Null if it is right.</returns>
    public Refusal? Verify(AnnouncementMac mac) => mac.Verify(Seal, Sealed);

    /// <summary>Writes the datagram. The colon of the address is always written, because a legacy node crashes without it.</summary>
    /// <exception cref="InvalidOperationException">With these names the datagram is longer than <see cref="MaxBytes"/>.</exception>
    public byte[] ToBytes()
    {
        var host = ManagementHost.Contains(':', StringComparison.Ordinal) ? $"[{ManagementHost}]" : ManagementHost;
        var port = ManagementPort.ToString(CultureInfo.InvariantCulture);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(
            new Wire(Ping, ClusterName, NodeName.Value, $"{host}:{port}", Seal?.Created, Seal?.Key, Seal?.Mac),
            AnnouncementJson.Default.Wire);
        return bytes.Length <= MaxBytes
            ? bytes
            : throw new InvalidOperationException($"the names of cluster and node are too long for an announcement of {MaxBytes} bytes");
    }

    /// <summary>Parses a datagram. Unknown fields are ignored, and names are case-insensitive.</summary>
    /// <returns>False if it is not an announcement.</returns>
    public static bool TryParse(ReadOnlySpan<byte> datagram, [NotNullWhen(true)] out Announcement? announcement)
    {
        announcement = null;
        if (datagram.Length > MaxBytes) return false;
        Wire? wire;
        try
        {
            wire = JsonSerializer.Deserialize(datagram, AnnouncementJson.Default.Wire);
        }
        catch (JsonException)
        {
            return false;
        }

        if (wire is not { Type: Ping, ClusterName: { } cluster, MgmtAddr: { } address }) return false;
        if (!NodeName.TryParse(wire.NodeName, out var node) || !TryParseAddress(address, out var host, out var port)) return false;
        announcement = new Announcement(cluster, node, host, port)
        {
            Seal = wire is { Created: { } created, Key: { } key, Mac: { } mac } ? new AnnouncementSeal(created, key, mac) : null,
        };
        return true;
    }

    /// <summary>
    /// Parses <c>:port</c>, <c>host:port</c> or <c>[IPv6]:port</c>. An unspecified host, such as 0.0.0.0, counts as none.
    /// </summary>
    private static bool TryParseAddress(string text, out string host, out int port)
    {
        host = "";
        port = 0;
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)) return false;
        if (port is 0 or > IPEndPoint.MaxPort) return false;

        var named = text[..colon];
        if (named.StartsWith('[') && named.EndsWith(']'))
        {
            named = named[1..^1];
            if (!IPAddress.TryParse(named, out var literal) || literal.AddressFamily != AddressFamily.InterNetworkV6) return false;
        }
        else if (named.Length > 0 && Uri.CheckHostName(named) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
        {
            return false;
        }

        var isUnspecified = IPAddress.TryParse(named, out var address)
            && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        if (!isUnspecified) host = named;
        return true;
    }

    internal sealed record Wire(
        string? Type, string? ClusterName, string? NodeName, string? MgmtAddr, long? Created, string? Key, string? Mac);
}

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Announcement.Wire))]
internal sealed partial class AnnouncementJson : JsonSerializerContext;
