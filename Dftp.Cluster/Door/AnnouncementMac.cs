using System.Buffers.Binary;
using System.Text;

namespace Dftp.Cluster.Door;

/// <summary>The members that authenticate an announcement.</summary>
/// <param name="Created">Unix seconds.</param>
/// <param name="Key">The key's name.</param>
/// <param name="Mac">The HMAC-SHA-256 in base64.</param>
internal readonly record struct AnnouncementSeal(long Created, string Key, string Mac);

/// <summary>Authenticates announcements.</summary>
internal sealed class AnnouncementMac(ClusterSecret secret, TimeProvider time)
{
    /// <summary>Seals an announcement.</summary>
    /// <param name="fields">The values of the announcement's members, as they are sent; none has a line end.</param>
    public AnnouncementSeal Seal(params ReadOnlySpan<string> fields)
    {
        var key = secret.Keys.Signing;
        var created = time.GetUtcNow().ToUnixTimeSeconds();
        Span<byte> mac = stackalloc byte[SecretKey.MacBytes];
        key.Mac(TextOf(fields, created, key.Id), mac);
        return new AnnouncementSeal(created, key.Id, Convert.ToBase64String(mac));
    }

    /// <summary>Verifies an announcement. It is accepted once, because a node on two networks is heard twice.</summary>
    /// <param name="seal">The seal; null if the announcement has none.</param>
    /// <param name="fields">The values of the announcement's members as they arrived.</param>
    /// <returns>Null if it is right.</returns>
    public Refusal? Verify(AnnouncementSeal? seal, params ReadOnlySpan<string> fields)
    {
        if (seal is not { } given) return Refusal.NoSignature;
        Span<byte> mac = stackalloc byte[SecretKey.MacBytes];
        if (!Convert.TryFromBase64String(given.Mac, mac, out var length) || length != mac.Length)
            return Refusal.Malformed("the MAC of the announcement is not base64 of 32 bytes");
        var id = Encoding.UTF8.GetBytes(given.Key);
        if (secret.Keys.Find(id) is not { } key) return Refusal.UnknownKey(id);
        if (!key.IsMacOf(TextOf(fields, given.Created, key.Id), mac)) return Refusal.WrongSignature;
        if (RequestVerifier.ClockRefusal(given.Created, time) is { } off) return off;
        return key.Seen.Accept(new Nonce(BinaryPrimitives.ReadUInt64LittleEndian(mac), 1), time) switch
        {
            NonceOutcome.Replayed => Refusal.Replayed,
            NonceOutcome.Full => Refusal.TooMany,
            _ => null,
        };
    }

    // The first line differs from that of every signature base, which begins with a quote.
    private static byte[] TextOf(ReadOnlySpan<string> fields, long created, string key) =>
        Encoding.UTF8.GetBytes($"dftp announcement\n{string.Join('\n', fields)}\n{created}\n{key}");
}
