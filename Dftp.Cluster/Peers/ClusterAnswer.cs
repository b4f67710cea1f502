using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Dftp.Cluster.Door;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>The response to GET and POST /cluster/ and POST /join/: the responding node and the nodes it knows.</summary>
/// <param name="ClusterName">The cluster's name.</param>
/// <param name="Me">The responding node.</param>
/// <param name="Peers">The nodes it knows; never null on the wire, because null crashes a legacy node.</param>
/// <param name="KnownDigest">The digest of what it knows of the greeting node; null if it knows nothing.</param>
internal sealed record ClusterAnswer(
    string ClusterName, NodeDescription Me, IReadOnlyList<NodeDescription> Peers, ulong? KnownDigest = null)
{
    /// <summary>Far more than any cluster has. Limits the cost of a response.</summary>
    public const int MaxPeers = 10_000;

    /// <summary>Reads a response. Unknown members and malformed peers are skipped.</summary>
    /// <param name="json">The body.</param>
    /// <param name="host">The host that was greeted. It replaces empty hosts in addresses.</param>
    /// <exception cref="JsonException">The body is not a valid response.</exception>
    public static ClusterAnswer Parse(ReadOnlyMemory<byte> json, string host)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
        try
        {
            return Read(document.RootElement, host);
        }
        catch (InvalidOperationException)
        {
            throw new JsonException("the answer contains invalid Unicode");
        }
    }

    private static ClusterAnswer Read(JsonElement root, string host)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new JsonException("the answer is not an object");
        if (!TryGet(root, "Me", out var meJson) || Description(meJson, null, host) is not { } me)
            throw new JsonException("the answer does not name its sender");
        var peers = new List<NodeDescription>();
        if (TryGet(root, "Peers", out var peersJson) && peersJson.ValueKind == JsonValueKind.Object)
        {
            foreach (var peer in peersJson.EnumerateObject().Take(MaxPeers))
            {
                if (PeerDescription(peer, host) is { } description) peers.Add(description);
            }
        }

        return new ClusterAnswer(Text(root, "Name") ?? "", me, peers, Digest(root, "KnownDigest"));
    }

    private static NodeDescription? PeerDescription(JsonProperty peer, string host)
    {
        try
        {
            return Description(peer.Value, peer.Name, host);
        }
        catch (InvalidOperationException)
        {
            // A peer whose name is not valid Unicode is skipped; the others are used.
            return null;
        }
    }

    private static NodeDescription? Description(JsonElement json, string? key, string host)
    {
        if (json.ValueKind != JsonValueKind.Object
            || !NodeName.TryParse(Text(json, "Name") ?? key, out var name)
            || !HostPort.TryParse(Text(json, "PublicAddr"), out var publicAddress)
            || !HostPort.TryParse(Text(json, "MgmtAddr"), out var managementAddress))
            return null;
        AnnouncedState? state = Number(json, "Epoch") is { } incarnation && Number(json, "Sequence") is { } sequence
            && Digest(json, "Digest") is { } digest
            ? new AnnouncedState(incarnation, sequence, digest)
            : null;
        return new NodeDescription(name, WithHost(publicAddress, host), WithHost(managementAddress, host), state)
        {
            Unconfirmed = UnconfirmedField.Read(Text(json, "Unconfirmed")),
            Certificate = CertificateName.Parse(Text(json, "Certificate")),
            ServesReads = TryGet(json, "ServesReads", out var serves) && serves.ValueKind == JsonValueKind.True,
        };
    }

    private static HostPort WithHost(HostPort address, string host) => address.Host.Length > 0 ? address : address with { Host = host };

    // Go matches member names case-insensitively.
    private static bool TryGet(JsonElement json, string name, out JsonElement value)
    {
        foreach (var member in json.EnumerateObject())
        {
            if (!member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            value = member.Value;
            return true;
        }

        value = default;
        return false;
    }

    private static string? Text(JsonElement json, string name) =>
        TryGet(json, name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ulong? Digest(JsonElement json, string name) =>
        ulong.TryParse(Text(json, name), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var digest) ? digest : null;

    private static long? Number(JsonElement json, string name) =>
        TryGet(json, name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}

/// <summary>A node as responses list it, with the times that reports need.</summary>
internal readonly record struct ListedNode(NodeDescription Description, PeerFacts Facts);

/// <summary>Writes the response that <see cref="ClusterAnswer"/> reads: the members of legacy nodes in their order, then ours.</summary>
internal static class ClusterAnswerWriter
{
    public static void Write(
        IBufferWriter<byte> output, string clusterName, ListedNode me, IEnumerable<ListedNode> peers, ulong? knownDigest = null)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("Name", clusterName);
            json.WritePropertyName("Me");
            WriteNode(json, me);
            json.WriteStartObject("Peers");
            foreach (var peer in peers)
            {
                json.WritePropertyName(peer.Description.Name.Value);
                WriteNode(json, peer);
            }

            json.WriteEndObject();
            if (knownDigest is { } known) json.WriteString("KnownDigest", known.ToString("x16", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteNode(Utf8JsonWriter json, ListedNode node)
    {
        json.WriteStartObject();
        json.WriteString("Name", node.Description.Name.Value);
        json.WriteString("PublicAddr", node.Description.PublicAddress.ToString());
        json.WriteString("MgmtAddr", node.Description.ManagementAddress.ToString());
        json.WriteNumber("LastAlive", node.Facts.LastAlive);
        json.WriteNumber("LastUpdatePushed", node.Facts.Replication.LastUpdatePushed);
        json.WriteNumber("LastUpdateReceived", node.Facts.Replication.LastUpdateReceived);
        json.WriteNumber("LastFullUpdateReceived", node.Facts.Replication.LastFullUpdateReceived);
        if (node.Description.State is { } state)
        {
            json.WriteNumber("Epoch", state.Incarnation);
            json.WriteNumber("Sequence", state.Sequence);
            json.WriteString("Digest", state.Digest.ToString("x16", CultureInfo.InvariantCulture));
        }

        if (node.Description.Unconfirmed.Count > 0) json.WriteString("Unconfirmed", UnconfirmedField.Write(node.Description.Unconfirmed));
        if (node.Description.Certificate is { } certificate) json.WriteString("Certificate", certificate.ToString());
        if (node.Description.ServesReads) json.WriteBoolean("ServesReads", true);
        json.WriteEndObject();
    }
}
