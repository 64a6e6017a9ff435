// What the model shares with the parts of the vendor's that turn its functions into a device.
#pragma once

#include <memory>

struct axlf;

namespace xrt_model {

class Card;

inline Card& card_of(void* handle) noexcept { return *static_cast<Card*>(handle); }

// The vendor's side of an open card, which is there as long as the card is.
std::shared_ptr<void> make_vendor_device(void* handle, unsigned index);
// It reads the image that was loaded.
void tell_of_image(void* vendor_device, const axlf* file);

}  // namespace xrt_model
